// A reflection: every change is kept on the device at once and by the portal a moment later, and the line at the end of
// the page says which. Without a connection it is written all the same, and sent when there is one again.

import { choose, merge } from "./clash.js";
import { offerOld } from "./old.js";
import { post, renewed } from "./posting.js";
import * as store from "./store.js";

const words = JSON.parse(document.getElementById("reflection-words").textContent);
const form = document.getElementById("reflection");
const { person, total } = words;
const { round } = form.dataset;
const PAUSE = 1200, RETRY = 5000;

const questions = [...form.querySelectorAll("[data-key]")];
const isScale = (key) => questions.find((one) => one.dataset.key === key)?.matches("fieldset") ?? false;
const fieldOf = (key) => form.elements.namedItem(`answer-${key}`);
const titleOf = (key) => {
  const place = questions.findIndex((one) => one.dataset.key === key);
  return place < 0 ? key : questions[place].querySelector("legend, label").textContent.trim();
};
const answers = () => Object.fromEntries(questions.map(({ dataset }) => [dataset.key, fieldOf(dataset.key)?.value ?? ""]));
const same = (one, other) => [...Object.keys(one), ...Object.keys(other)].every((key) => (one[key] ?? "") === (other[key] ?? ""));

// What this page knows: the version that the portal has of what stands in `was`.
let state = { version: Number(form.dataset.version), number: form.dataset.number, waits: false };
let was = answers();
let tried = [];
let timer, isSaving = false, isChoosing = false;

function fill(wanted) {
  for (const { dataset: { key } } of questions) {
    const field = fieldOf(key);
    if (!field || field.value === (wanted[key] ?? "")) continue;
    field.value = wanted[key] ?? "";
    (field.length ? field[0] : field).dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// The line that says where the words are.
const line = document.getElementById("kept");
function tell(text, icon, tone) {
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sign.setAttribute("class", "icon");
  sign.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${words.icons}#i-${icon}`);
  sign.append(use);
  const state = document.createElement("span");
  state.className = `state ${tone}`;
  state.append(sign, ` ${text}`);
  if (line.textContent.trim() !== text) line.replaceChildren(state);
}
function keep() {
  const record = { answers: answers(), version: state.version, was, tried, number: state.number, at: new Date().toISOString(), language: words.language };
  return store.writeLocal(person, round, record);
}
// The latest that were sent, lest an answer that got lost makes one's own text somebody else's.
function note(sent) {
  tried = [...tried.slice(-4), sent];
  keep();
}
function count() {
  const done = Object.values(answers()).filter(Boolean).length;
  document.getElementById("answered").textContent = words.answered.replace("{count}", done).replace("{total}", total);
}
const isDirty = () => !same(answers(), was);

form.addEventListener("input", (event) => {
  if (!event.target.name?.startsWith("answer-") || !event.isTrusted) return count();
  mend(event.target.closest("[data-key]"), "");
  tell(keep() ? words.on_device : words.not_saved, keep() ? "pin" : "warn", keep() ? "" : "late");
  count();
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
});

// Saving: what stood in the fields when it began counts as saved, what was typed meanwhile follows.
async function save() {
  clearTimeout(timer);
  timer = undefined;
  if (isSaving || isChoosing || state.waits || !isDirty()) return !isDirty();
  isSaving = true;
  const sent = answers();
  note(sent);
  try {
    const told = await post(words.draft, { answers: sent, version: state.version, language: words.language });
    if (told.other) return await settle(told.other);
    if (told.sent) return location.assign(words.page);
    if (!told.version) return complain(told);
    state.version = told.version;
    was = sent;
    keep();
    if (!isDirty()) tell(words.saved.replace("{when}", told.when), "check", "on-time");
    return true;
  } catch {
    tell(keep() ? words.on_device : words.not_saved, "wifi-off", "");
    timer = setTimeout(save, RETRY);
    return false;
  } finally {
    isSaving = false;
    if (isDirty() && !isChoosing && !state.waits) timer ??= setTimeout(save, PAUSE);
  }
}
function complain({ error }) {
  tell(error ?? words.not_saved, "warn", "late");
  return false;
}

// Another tab or device kept something else: what only one of them changed is put together, the rest stands side by
// side until it is chosen. What this device itself has sent, and got no answer to, is no other text.
async function settle(other, goOn = save) {
  const isOwn = tried.some((one) => same(one, other.answers));
  const { merged, open } = merge(isOwn ? other.answers : was, answers(), other.answers);
  isChoosing = true;
  const place = document.getElementById("clash");
  const chosen = open.length ? await choose(place, merged, other.answers, open, { titleOf, isScale }) : merged;
  isChoosing = false;
  state.version = other.version;
  was = other.answers;
  fill(chosen);
  keep();
  if (open.length) questions[0]?.querySelector("textarea, input")?.focus();
  setTimeout(open.length ? save : goOn);
  return false;
}

// The other tabs of this browser show what is typed here, letter by letter.
addEventListener("storage", (event) => {
  if (!store.isRecordOf(event, person, round) || !event.newValue || isChoosing) return;
  const record = JSON.parse(event.newValue);
  state.version = Math.max(state.version, record.version);
  was = record.was;
  fill(record.answers);
  keepQuiet();
});
const keepQuiet = () => {
  if (!isDirty()) tell(words.on_device, "pin", "");
};

// Sending.
form.addEventListener("submit", async (event) => {
  const act = event.submitter?.value ?? "save";
  event.preventDefault();
  if (act.startsWith("language-")) {
    keep();
    await save();
    return location.assign(event.submitter.dataset.href);
  }
  if (act !== "send") return save();
  if (isChoosing || !check()) return undefined;
  event.submitter.setAttribute("aria-busy", "true");
  await send();
  event.submitter.removeAttribute("aria-busy");
  return undefined;
});
function check() {
  const given = answers();
  const missing = words.required.filter((key) => !given[key].trim());
  for (const one of questions) mend(one, missing.includes(one.dataset.key) ? words.needed : "");
  if (!missing.length && !Object.values(given).some((text) => text.trim())) {
    mend(questions[0], words.nothing);
    missing.push(questions[0].dataset.key);
  }
  const first = questions.find((one) => one.dataset.key === missing[0]);
  first?.querySelector("textarea, input").focus();
  return !missing.length;
}
function mend(question, fault) {
  const error = question?.querySelector(".error");
  if (!error) return;
  error.hidden = !fault;
  error.querySelector("span").textContent = fault;
  const field = question.querySelector("textarea");
  if (!field) return;
  const about = field.getAttribute("aria-describedby").replace(` ${error.id}`, "");
  field.setAttribute("aria-describedby", fault ? `${about} ${error.id}` : about);
  if (fault) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}
async function send() {
  clearTimeout(timer);
  note(answers());
  const body = { answers: answers(), version: state.version, number: state.number, language: words.language };
  try {
    const told = await post(words.response, body);
    if (told.receipt || told.sent) return location.assign(words.page);
    if (told.other) return settle(told.other, send);
    for (const [key, fault] of Object.entries(told.faults ?? {})) mend(questions.find((one) => one.dataset.key === key), fault);
    return complain(told);
  } catch {
    return wait(body);
  }
}
async function wait(body) {
  try {
    await store.keepToSend({ number: state.number, person, round, address: words.response, token: words.token, body });
  } catch {
    return tell(words.not_saved, "warn", "late");
  }
  hold(true);
  const registration = await navigator.serviceWorker?.getRegistration("/reflections/");
  registration?.sync?.register("reflections").catch(() => null);
  return setTimeout(sendWaiting, RETRY);
}
function hold(isHeld) {
  state.waits = isHeld;
  form.classList.toggle("waits", isHeld);
  for (const one of questions) for (const field of one.querySelectorAll("textarea, input")) {
    if (field.matches("textarea")) field.readOnly = isHeld;
    else field.disabled = isHeld;
  }
  const button = form.querySelector('[value="send"]');
  button.hidden = isHeld;
  document.getElementById("go-on")?.remove();
  if (!isHeld) return;
  tell(words.waits, "wifi-off", "");
  const back = document.createElement("button");
  Object.assign(back, { type: "button", id: "go-on", className: "button", textContent: words.go_on });
  back.addEventListener("click", async () => {
    await store.takeBack(state.number);
    hold(false);
    save();
  });
  button.after(back);
}
// When there is a connection again: by this page too, for browsers without background sync, and for what was refused.
async function sendWaiting() {
  if (!state.waits) return save();
  const [item] = (await store.listToSend()).filter((one) => String(one.person) === String(person) && one.round === round);
  if (!item) return location.assign(words.page);
  try {
    const told = await post(item.address, item.body);
    if (told.receipt || told.sent) return location.assign(words.page);
    await store.takeBack(item.number);
    hold(false);
    if (told.other) return settle(told.other, send);
    return complain(told);
  } catch {
    return setTimeout(sendWaiting, RETRY);
  }
}
addEventListener("online", sendWaiting);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save();
});
renewed(() => save());

// Coming back: whichever is newer of what the device and what the portal kept.
async function comeBack() {
  const record = store.readLocal(person, round);
  const [item] = (await store.listToSend()).filter((one) => String(one.person) === String(person) && one.round === round);
  if (item) {
    state.number = item.number;
    tried = record?.tried ?? [];
    was = record?.was ?? was;
    fill(item.body.answers);
    hold(true);
    return sendWaiting();
  }
  if (!record?.answers) return Object.values(was).some(Boolean) ? undefined : offerOld(questions.map(({ dataset }) => dataset.key), takeOld);
  state.number = record.number ?? state.number;
  tried = record.tried ?? [];
  const isUnsaved = !same(record.answers, record.was ?? {});
  if (record.version >= state.version || !isUnsaved) {
    // A page from the worker's copy may be older than what the device knows.
    if (record.version < state.version) return keep();
    state.version = record.version;
    was = record.version > Number(form.dataset.version) || isUnsaved ? (record.was ?? was) : was;
    fill(isUnsaved || record.version > Number(form.dataset.version) ? record.answers : was);
    if (isUnsaved) tell(words.on_device, "pin", "");
    return save();
  }
  const theirs = answers();
  was = record.was ?? {};
  fill(record.answers);
  return isDirty() ? settle({ answers: theirs, version: state.version }) : undefined;
}
function takeOld(old) {
  fill(old);
  const isKept = keep();
  save();
  return isKept;
}
comeBack();
count();

// The worker keeps this page, in both languages, for times without a connection.
async function prepare() {
  const registration = await navigator.serviceWorker.register(words.worker, { scope: "/reflections/" });
  await navigator.serviceWorker.ready;
  const files = performance.getEntriesByType("resource").map(({ name }) => name);
  const ours = files.filter((name) => new URL(name).pathname.startsWith("/static/"));
  const pages = ["", "?language=en", "?language=fr"].map((query) => words.page + query);
  registration.active?.postMessage({ keep: { pages, files: [...new Set(ours)] }, send: true });
}
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (String(data?.sent) === String(round)) location.assign(words.page);
});
if (navigator.serviceWorker) addEventListener("load", () => prepare().catch(() => null));
