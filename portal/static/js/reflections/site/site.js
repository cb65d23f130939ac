// Reflections on a static host: signing in, which are open, and writing one; English or French at any moment.

import * as device from "./device.js";
import { count, element, icon, languages, longDay, portal, say, speak, spoken, textOf } from "./drawing.js";
import { Away, listForms, saidBy, signIn, SignedOut, signOut } from "./portal.js";
import { close, open, sendWaiting } from "./writing.js";

const content = document.getElementById("content");
const asking = document.getElementById("again");
let person = device.readPerson();
let forms = person ? device.readForms(person) : [];
// Whether the portal has said it just now: without it, the list is the one that was last known.
let isFresh = false, isAway = false;
let receipt = null;

speak(device.chosenLanguage());
frame();
show();
if (person && device.token()) refresh();

function frame() {
  const tongues = Object.entries(languages).map(([code, title]) => {
    const button = element("button", { type: "button", class: "as-tongue", lang: code, "aria-pressed": String(code === spoken()) }, title);
    button.addEventListener("click", () => switchTo(code));
    return button;
  });
  const nav = element("nav", { class: "tongues", "aria-label": say("language") }, ...tongues);
  const out = element("button", { type: "button", class: "button quiet" }, say("sign_out"));
  out.addEventListener("click", leave);
  document.getElementById("tools").replaceChildren(nav, ...(person ? [out] : []));
  document.title = `${say("reflections")} · ${document.querySelector(".brand span").textContent}`;
  document.querySelector(".skip").textContent = say("skip");
}
function switchTo(code) {
  speak(code);
  device.keepLanguage(code);
  frame();
  show();
  document.querySelector(`#tools [lang="${code}"]`).focus();
}

function show() {
  close();
  const form = forms.find((one) => String(one.round_id) === location.hash.slice(1));
  if (receipt) drawReceipt();
  else if (!person) drawDoor();
  else if (form) open(content, form, person, { ask: askAgain, done: sent });
  else drawList();
}
addEventListener("hashchange", () => {
  receipt = null;
  show();
  content.querySelector("h1")?.focus();
});

async function refresh() {
  try {
    forms = await listForms();
    isFresh = true;
    isAway = false;
    device.keepForms(person, forms);
  } catch (error) {
    if (error instanceof SignedOut) return;
    if (!(error instanceof Away)) throw error;
    isAway = true;
  }
  if (!document.getElementById("reflection") && !receipt) show();
}

function head(title, lead) {
  return element("div", { class: "head" }, element("div", {}, element("h1", { tabindex: "-1" }, title), element("p", { class: "lead" }, lead)));
}
function drawDoor() {
  const link = element("a", { href: `${portal}/reflections/` }, say("in_portal"));
  content.replaceChildren(head(say("reflections"), say("door_text")), door(entered), element("p", { class: "small soft" }, link));
}
function drawList() {
  const lead = forms.length ? count("open", forms.length) : say(isFresh ? "none_open" : "unknown");
  const parts = [head(say("reflections"), lead)];
  if (!device.token()) {
    const again = element("button", { type: "button", class: "button" }, say("sign_in"));
    again.addEventListener("click", askAgain);
    parts.push(element("div", { class: "note" }, icon("key"), element("p", {}, say("again_text")), element("div", { class: "acts" }, again)));
  } else if (isAway) parts.push(element("p", { class: "note" }, icon("wifi-off"), element("span", {}, say("away"))));
  const rows = forms.map((form) => {
    const name = element("strong", {}, form.code ? `${form.code} ` : "", element("span", { dir: "auto" }, form.course));
    const text = element("p", { class: "soft" }, `${textOf(form, "title")} · ${say("until", { day: longDay(form.closes_on) })}`);
    const go = element("a", { class: "button", href: `#${form.round_id}`, "aria-label": say("write_on", { course: form.course }) }, say("write"));
    return element("li", {}, icon("talk"), element("div", {}, name, text), go);
  });
  content.replaceChildren(...parts, ...(rows.length ? [element("ul", { class: "open-rounds" }, ...rows)] : []));
}
function drawReceipt() {
  const { form, told } = receipt;
  const code = element("code", {}, told.receipt.slice(0, 8).toUpperCase());
  const note = element("section", { class: "note", id: "receipt" }, icon("check"), element("h2", {}, say("thanks")),
    element("p", {}, `${say("took_part", { day: longDay(told.on_day) })} `, code), element("p", {}, say("dropped")));
  const back = element("a", { href: "#list" }, say("reflections"));
  const eyebrow = element("p", { class: "eyebrow" }, back, ` · ${form.code ?? ""} `, element("span", { dir: "auto" }, form.course));
  content.replaceChildren(element("div", { class: "head" }, element("div", {}, eyebrow, element("h1", { tabindex: "-1" }, textOf(form, "title")))), note);
}
function sent(form, told) {
  receipt = { form, told };
  forms = forms.filter((one) => one !== form);
  device.keepForms(person, forms);
  show();
  content.querySelector("h1").focus();
}

// The form for signing in: on the page at first, in a dialog when it has ended.
function door(goOn) {
  const field = (name, label, attributes) => element("div", { class: "field" }, element("label", { for: name }, label),
    element("input", { id: name, name, required: "", ...attributes }));
  const error = element("p", { class: "error", id: "door-error", role: "alert", hidden: "" }, icon("warn"), element("span"));
  const email = field("email", say("email"), { type: "email", autocomplete: "username", autocapitalize: "none", spellcheck: "false" });
  const password = field("password", say("password"), { type: "password", autocomplete: "current-password", "aria-describedby": "door-error" });
  const form = element("form", { class: "form" }, email, password, error,
    element("div", { class: "acts" }, element("button", { class: "button primary" }, say("sign_in"))));
  if (person) form.elements.namedItem("email").value = person.email;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fault = await tryDoor(form.elements.namedItem("email").value, form.elements.namedItem("password").value);
    error.hidden = !fault;
    error.querySelector("span").textContent = fault;
    if (!fault) goOn();
  });
  return form;
}
async function tryDoor(email, password) {
  try {
    const { ok, told } = await signIn(email.trim(), password);
    if (!ok) return saidBy(told);
    if (told.user.role !== "student") return say("not_student");
    if (person?.id !== told.user.id) forms = [];
    person = { id: told.user.id, email: told.user.email };
    device.keepPerson(person);
    return "";
  } catch (error) {
    if (error instanceof SignedOut || error instanceof Away) return error.message || say("away");
    throw error;
  }
}
function entered() {
  frame();
  show();
  content.querySelector("h1").focus();
  refresh();
}
function askAgain() {
  if (asking.open) return;
  const was = person?.id;
  const later = element("button", { type: "button", class: "button" }, say("not_now"));
  later.addEventListener("click", () => asking.close());
  const form = door(() => {
    asking.close();
    if (person.id !== was) return entered();
    sendWaiting();
    return refresh();
  });
  form.querySelector(".acts").prepend(later);
  asking.replaceChildren(element("h2", { id: "again-title" }, say("again_title")), element("p", { class: "soft" }, say("again_text")), form);
  asking.showModal();
}
// What was not sent is on this device alone: it goes only with a word of its own.
function leave() {
  if (!device.hasWords(person)) return goOut();
  const [stay, go] = ["stay", "sign_out_delete"].map((name) => element("button", { type: "button", class: "button" }, say(name)));
  stay.addEventListener("click", () => asking.close());
  go.addEventListener("click", () => {
    asking.close();
    goOut();
  });
  asking.replaceChildren(element("h2", { id: "again-title" }, say("leave_title")), element("p", { class: "soft" }, say("leave_text")),
    element("div", { class: "acts" }, stay, go));
  return asking.showModal();
}
async function goOut() {
  close();
  await signOut();
  device.forget(person);
  person = null;
  forms = [];
  receipt = null;
  location.hash = "";
  frame();
  show();
}

navigator.serviceWorker?.register("worker.js");
