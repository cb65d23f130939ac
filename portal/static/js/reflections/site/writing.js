// Writing one reflection: every change is kept on the device at once, and what is sent without a connection goes out
// when there is one, under one number, so that it counts once.

import { dropLocal, dropOld, isRecordOf, readLocal, readOld, writeLocal } from "../store.js";
import { count, element, icon, longDay, say, spoken, textOf } from "./drawing.js";
import { drawQuestion, mend } from "./fields.js";
import { Away, saidBy, send, SignedOut } from "./portal.js";

const RETRY = 5000;
let desk = null;
let timer;

// `ask` has the person sign in again; `done` shows what came of it.
export function open(place, form, person, { ask, done }) {
  const fresh = { answers: {}, number: crypto.randomUUID(), waits: false };
  desk = { form, person, ask, done, ...fresh, ...readLocal(person.id, form.round_id) };
  draw(place);
  if (desk.waits) sendWaiting();
}
export function close() {
  desk = null;
  clearTimeout(timer);
}

function draw(place) {
  const { form } = desk;
  const questions = form.questions.map((one, index) =>
    drawQuestion(one, index + 1, form.questions.length, desk.answers[one.key] ?? ""));
  const line = element("span", { role: "status", id: "kept" });
  const answered = element("span", { class: "soft", id: "answered" });
  const button = element("button", { class: "button primary", type: "submit" }, say("send"));
  const acts = element("div", { class: "acts" }, button);
  const foot = element("div", { class: "send" }, element("p", {}, line, " ", answered), acts);
  const sheet = element("form", { id: "reflection", novalidate: "" }, head(form), who(form),
    element("div", { id: "older" }), ...questions, foot);
  sheet.addEventListener("input", note);
  sheet.addEventListener("submit", submit);
  place.replaceChildren(sheet);
  tellCount();
  hold();
  if (!desk.waits && Object.values(desk.answers).some(Boolean)) tell("on_device", "pin");
  offerOld();
}

function head(form) {
  const back = element("a", { href: "#" }, say("reflections"));
  const course = element("span", { dir: "auto" }, form.course);
  const minutes = Math.max(1, Math.round(form.questions.reduce((sum, one) => sum + (one.kind === "scale" ? 0.5 : 2), 0)));
  const length = `${count("questions", form.questions.length)}, ${count("minutes", minutes)}`;
  const lead = `${say("open_until", { day: longDay(form.closes_on) })} ${length}`;
  return element("div", { class: "head" }, element("div", {},
    element("p", { class: "eyebrow" }, back, ` · ${form.code ? `${form.code} · ` : ""}`, course),
    element("h1", { tabindex: "-1" }, textOf(form, "title")), element("p", { class: "lead" }, lead)));
}
function who(form) {
  const title = element("h2", { id: "who" }, say("who"));
  const text = element("p", {}, say(form.mode, { num: form.min_responses }));
  return element("section", { class: "note", "aria-labelledby": "who" }, icon("shield"), title, text);
}

const sheetOf = () => document.getElementById("reflection");
const fieldsOf = () => [...sheetOf().querySelectorAll("[data-key]")];

function tell(name, sign, tone = "") {
  const text = say(name);
  const line = document.getElementById("kept");
  if (line.textContent.trim() !== text) line.replaceChildren(element("span", { class: `state ${tone}` }, icon(sign), ` ${text}`));
}
function tellCount() {
  const total = desk.form.questions.length;
  const done = desk.form.questions.filter(({ key }) => desk.answers[key]?.trim()).length;
  document.getElementById("answered").textContent = say("answered", { count: done, total });
}
function keep() {
  const { answers, number, waits } = desk;
  return writeLocal(desk.person.id, desk.form.round_id, { answers, number, waits, language: spoken(), at: new Date().toISOString() });
}
function note({ target }) {
  if (!target.name?.startsWith("answer-")) return;
  desk.answers = { ...desk.answers, [target.name.slice("answer-".length)]: target.value };
  mend(target.closest("[data-key]"), "");
  if (keep()) tell("on_device", "pin");
  else tell("not_saved", "warn", "late");
  tellCount();
}

// The other tabs of this browser show what is typed here, letter by letter.
addEventListener("storage", (event) => {
  if (!desk || !isRecordOf(event, desk.person.id, desk.form.round_id) || !event.newValue) return;
  const { answers, number, waits } = JSON.parse(event.newValue);
  Object.assign(desk, { answers, number, waits });
  for (const { key } of desk.form.questions) {
    const field = sheetOf().elements.namedItem(`answer-${key}`);
    if (field.value !== (answers[key] ?? "")) field.value = answers[key] ?? "";
  }
  tellCount();
  hold();
});

// Drafts of the page that was there before this portal.
function offerOld() {
  const keys = desk.form.questions.filter(({ kind }) => kind === "text").map(({ key }) => key);
  const old = desk.waits ? null : readOld(keys);
  if (!old) return;
  const place = document.getElementById("older");
  const [take, drop] = ["old_take", "old_drop"].map((name) => element("button", { type: "button", class: "button" }, say(name)));
  const acts = element("div", { class: "acts" }, take, drop);
  place.replaceChildren(element("div", { class: "clash" }, element("h2", {}, say("old_title")), element("p", {}, say("old_text")), acts));
  take.addEventListener("click", () => {
    // What stands in the fields stays; the older text comes below it.
    for (const [key, text] of Object.entries(old)) desk.answers[key] = [desk.answers[key], text].filter(Boolean).join("\n\n");
    if (keep()) dropOld();
    draw(sheetOf().parentElement);
  });
  drop.addEventListener("click", () => {
    dropOld();
    place.replaceChildren();
  });
}

function submit(event) {
  event.preventDefault();
  if (desk.waits || !check()) return;
  desk.waits = true;
  keep();
  hold();
  sendWaiting();
}
function check() {
  const missing = desk.form.questions.filter((one) => one.is_required && !desk.answers[one.key]?.trim()).map(({ key }) => key);
  for (const field of fieldsOf()) mend(field, missing.includes(field.dataset.key) ? say("needed") : "");
  if (!missing.length && !Object.values(desk.answers).some((text) => text.trim())) {
    mend(fieldsOf()[0], say("nothing"));
    missing.push(fieldsOf()[0].dataset.key);
  }
  fieldsOf().find((one) => one.dataset.key === missing[0])?.querySelector("textarea, input").focus();
  return !missing.length;
}

// While it waits nothing is changed: the number stands for these words.
function hold() {
  const sheet = sheetOf();
  sheet.classList.toggle("waits", desk.waits);
  for (const field of sheet.querySelectorAll("textarea")) field.readOnly = desk.waits;
  for (const field of sheet.querySelectorAll("[type=radio]")) field.disabled = desk.waits;
  const button = sheet.querySelector("[type=submit]");
  button.hidden = desk.waits;
  document.getElementById("go-on")?.remove();
  if (!desk.waits) return;
  tell("waits", "send");
  const back = element("button", { type: "button", id: "go-on", class: "button" }, say("go_on"));
  back.addEventListener("click", () => letGo());
  button.after(back);
}
// The number stays: should the portal have taken it after all, sending again gives the receipt of what it has.
function letGo() {
  desk.waits = false;
  keep();
  hold();
  tell("on_device", "pin");
}

let isSending = false;
export async function sendWaiting() {
  clearTimeout(timer);
  if (!desk?.waits || isSending) return;
  isSending = true;
  const sent = desk;
  try {
    const { ok, status, told } = await send(sent.form.round_id, { ...sent, language: spoken() });
    if (sent !== desk) return;
    if (ok) finish(told);
    else refuse(status, told);
  } catch (error) {
    if (sent !== desk) return;
    if (error instanceof SignedOut) sent.ask();
    else if (!(error instanceof Away)) throw error;
    tell("waits", "wifi-off");
    if (error instanceof Away) timer = setTimeout(sendWaiting, RETRY);
  } finally {
    isSending = false;
  }
}
function finish(told) {
  const { form, person, done } = desk;
  close();
  dropLocal(person.id, form.round_id);
  done(form, told);
}
function refuse(status, told) {
  letGo();
  for (const [name, faults] of Object.entries(told.fields ?? {})) {
    const question = fieldsOf().find((one) => `answers.${one.dataset.key}` === name);
    if (question) mend(question, faults[0]);
  }
  sheetOf().querySelector("[aria-invalid]")?.focus();
  const line = document.getElementById("kept");
  line.replaceChildren(element("span", { class: "state late" }, icon("warn"), ` ${saidBy(told)}`));
}
addEventListener("online", () => sendWaiting());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sendWaiting());
