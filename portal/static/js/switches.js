// The switches of a weekly log: three states for an item, four for a student's attendance.
//
// Radio buttons choose on every arrow key, so walking from "Not started" to "Done" would save "Pending" on the way.
// Here arrows only move the focus, as in a toolbar (ARIA Authoring Practices, "Radio Group in a Toolbar"):
//   ← →      along the choices of one course, on into its next item; nothing is set
//   ↑ ↓      to the same item of the course before or after
//   Space, Enter   set the choice that has the focus
//   1 2 3    set not started, pending, done at once; a sheet of attendance has four choices
//   A        all items of this course's week are done
//   S        submit this week and go on to the next course, or back to one that is left; what is not done asks first
// Tab goes from item to item, as in any form. Without scripts the radio buttons are plain ones with a Save button.

const ROW = ".log, [data-switch-row]";
const words = JSON.parse(document.getElementById("words").textContent);

document.addEventListener("keydown", (event) => {
  const radio = event.target;
  if (!radio.matches?.('.switch input[type="radio"]') || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = deedFor(event.key, radio);
  if (!act) return;
  event.preventDefault();
  act();
});

function deedFor(key, radio) {
  const choices = [...radio.closest(".switch").querySelectorAll('input[type="radio"]')];
  if (/^[1-9]$/.test(key) && choices[key - 1]) return () => choose(choices[key - 1]);
  if (key === " " || key === "Enter") return () => choose(radio);
  const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  if (key === forward) return () => walk(radio, 1);
  if (key === backward) return () => walk(radio, -1);
  if (key === "ArrowDown") return () => climb(radio, 1);
  if (key === "ArrowUp") return () => climb(radio, -1);
  const row = radio.closest(".log");
  if (/^a$/i.test(key) && row?.querySelector(FILLS)) return () => fill(row);
  if (/^s$/i.test(key) && row?.querySelector(HANDS_IN)) return () => handIn(row.id);
  return null;
}

const FILLS = 'button[value="all_done"]';
const HANDS_IN = '.end button[value="submit"]';
// Rows by id: an answer draws them anew. Whoever is quick submits while the items are still on their way.
let filling = null;
let handsInAfter = null;

function fill(row) {
  filling = row.id;
  row.querySelector(FILLS).click();
}
function handIn(id) {
  if (filling === id) {
    handsInAfter = id;
    return;
  }
  const row = document.getElementById(id);
  const button = row?.querySelector(HANDS_IN);
  if (!button) return;
  const radio = row.contains(document.activeElement) && document.activeElement.closest(".switch input");
  if (radio && isDone(row) && !climb(radio, 1)) climb(radio, -1);
  button.click();
}
document.addEventListener("htmx:after:swap", (event) => {
  // By then htmx names the row itself: the form that asked is gone with what the row was.
  const { sourceElement } = event.detail.ctx;
  if (!filling || sourceElement.matches?.(SWITCH) || sourceElement.closest?.(".log")?.id !== filling) return;
  const id = filling;
  const goesOn = handsInAfter === id;
  filling = handsInAfter = null;
  // Refused or clashing: then there is something to read first, and the row asks before it is submitted anyway.
  if (goesOn) setTimeout(() => handIn(id));
});
document.addEventListener("portal:refused", () => (filling = handsInAfter = null));
const isDone = (row) => [...row.querySelectorAll(".switch input:checked")].every((radio) => radio.value === "Done");

function choose(radio) {
  radio.focus();
  if (radio.checked) return;
  radio.checked = true;
  radio.dispatchEvent(new Event("input", { bubbles: true }));
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}

function walk(radio, step) {
  const row = radio.closest(ROW) ?? radio.closest(".switch");
  const all = [...row.querySelectorAll('.switch input[type="radio"]:enabled')];
  all[all.indexOf(radio) + step]?.focus();
}

function climb(radio, step) {
  const row = radio.closest(ROW);
  const item = itemOf(radio);
  const rows = [...document.querySelectorAll(ROW)].filter((other) => other.querySelector(".switch input:enabled"));
  const place = [...row.querySelectorAll("[data-item]")].findIndex((part) => part.dataset.item === item);
  const next = rows[rows.indexOf(row) + step];
  if (!next) return false;
  // Weeks may expect different items: the same one, else the one that stands in its place.
  const items = [...next.querySelectorAll("[data-item]")];
  const target = items.find((part) => part.dataset.item === item) ?? items[Math.min(place, items.length - 1)];
  (target?.querySelector("input:checked:enabled") ?? target?.querySelector("input:enabled"))?.focus();
  return true;
}

// While a choice that is not set has the focus, it is the one that Tab leaves from; the others step out of the order.
document.addEventListener("focusin", (event) => {
  if (!event.target.matches?.('.switch input[type="radio"]')) return;
  for (const other of event.target.closest(".switch").querySelectorAll("input")) {
    if (other === event.target) other.removeAttribute("tabindex");
    else other.tabIndex = -1;
  }
});
document.addEventListener("focusout", (event) => {
  const field = event.target.closest?.(".switch");
  if (!field || field.contains(event.relatedTarget)) return;
  for (const radio of field.querySelectorAll("input")) radio.removeAttribute("tabindex");
});

const itemOf = (radio) => radio.closest("[data-item]")?.dataset.item;

// What the person wants is remembered while requests are on their way: an answer to an older click must not
// show its older state, and a morph leaves a radio that was clicked as it is, whatever the markup says.
const wanted = new WeakMap();
const chosen = (form) => form.querySelector(".switch input:checked")?.value;
// A switch saves by itself: as a form of its own, or as a part of the form of its whole week.
const SWITCH = ".switch-form";

document.addEventListener("change", (event) => {
  const form = event.target.closest?.(SWITCH);
  if (!form) return;
  wanted.set(form, event.target.value);
  form.querySelector(".switch").classList.remove("failed");
  form.querySelector(".error")?.remove();
});
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement;
  if (!form.matches?.(`${SWITCH}, .log > form`)) return;
  if (form.matches(SWITCH)) form.querySelector(".switch").setAttribute("aria-busy", "true");
  // What waited in the queue, a click or the whole week, goes out with what the answer before it brought: the version,
  // and what was seen. Else a person's own tick would come back to them as someone else's change.
  for (const { name, value } of (form.closest("form") ?? form).querySelectorAll('input[name="version"], input[name^="was-"]')) {
    if (ctx.request.body?.has?.(name)) ctx.request.body.set(name, value);
  }
});
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement;
  if (!form.matches?.(SWITCH)) return;
  const sent = ctx.request.body?.get?.(form.querySelector(".switch input")?.name);
  const newest = wanted.get(form);
  const isLast = newest === undefined || newest === sent || ctx.response?.status >= 400;
  for (const radio of form.querySelectorAll('.switch input[type="radio"]')) {
    radio.checked = isLast ? radio.defaultChecked : radio.value === newest;
  }
});
document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail.ctx.sourceElement;
  if (form.matches?.(SWITCH)) form.querySelector(".switch")?.removeAttribute("aria-busy");
});

// Refused: back to what was last saved, with a word beside it.
document.addEventListener("portal:refused", (event) => {
  const form = event.target.closest?.(SWITCH);
  if (!form) return;
  const missed = chosen(form);
  event.preventDefault();
  for (const radio of form.querySelectorAll('.switch input[type="radio"]')) radio.checked = radio.defaultChecked;
  const field = form.querySelector(".switch");
  field.classList.add("failed");
  field.querySelector(".error")?.remove();
  const error = document.createElement("p");
  error.className = "error";
  error.textContent = words.turned_back;
  field.append(error);
  event.detail.retry = () => {
    const radio = [...form.querySelectorAll('.switch input[type="radio"]')].find((input) => input.value === missed);
    if (radio?.isConnected) choose(radio);
  };
});

// Handing in what is not done asks first: a submitted week is locked. What counts is what the switches show.
const unfinished = document.getElementById("unfinished");
let agreed = null;
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.('.end button[value="submit"]');
    if (!button || !unfinished || button === agreed || button.classList.contains("primary")) return;
    const row = button.closest(ROW);
    if (isDone(row)) return;
    event.preventDefault();
    unfinished.querySelector("[data-course]").textContent = row.querySelector("h3").textContent;
    unfinished.querySelector("[data-count]").textContent = row.querySelector(".attend").textContent;
    const deed = unfinished.querySelector("[data-deed]");
    deed.textContent = button.textContent;
    deed.value = button.id;
    unfinished.showModal();
  },
  true,
);
unfinished?.querySelector("[data-deed]").addEventListener("click", (event) => {
  unfinished.close();
  // The row may have been renewed meanwhile.
  agreed = document.getElementById(event.target.value);
  agreed?.click();
  agreed = null;
});
