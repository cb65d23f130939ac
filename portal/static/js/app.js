// The page's own manners: theme, menus, dialogs, the search and help keys, counters, and the spoken line.
// Everything listens on the document, so what htmx swaps in later needs no set-up.

const words = JSON.parse(document.getElementById("words").textContent);
const root = document.documentElement;

// Theme: the radio shows what the script in the head has already applied.
const kept = root.dataset.theme ?? "";
for (const radio of document.querySelectorAll('input[name="theme"]')) {
  radio.checked = radio.value === kept;
}
document.addEventListener("change", (event) => {
  if (event.target.name !== "theme") return;
  const theme = event.target.value;
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  try {
    if (theme) localStorage.setItem("portal-theme", theme);
    else localStorage.removeItem("portal-theme");
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
});

// Menus close on Escape, on a click outside, and when the focus leaves them.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// Dialogs: `commandfor` opens them where the browser knows it; this is for those that do not.
const knowsCommands = "commandForElement" in HTMLButtonElement.prototype;
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-opens]");
  if (opener && !(knowsCommands && opener.hasAttribute("commandfor"))) {
    event.preventDefault();
    openDialog(opener.dataset.opens);
  }
  const closer = event.target.closest?.("[data-closes]");
  if (closer && !(knowsCommands && closer.hasAttribute("commandfor"))) closer.closest("dialog")?.close();
  // A click on the backdrop lands on the dialog itself, outside its box.
  if (event.target.matches?.("dialog[open].ask:not(#reauth)") && outside(event, event.target)) event.target.close();
});
function outside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

// A form of a list that asks first: one dialog has the question for all of them.
let asking = null;
document.addEventListener("submit", (event) => {
  const dialog = document.getElementById(event.target.dataset?.asks ?? "");
  if (!dialog) return;
  event.preventDefault();
  asking = event.target;
  dialog.querySelector("[data-name-of-whom]").textContent = asking.dataset.whom;
  openDialog(dialog.id);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-sure]")) return;
  event.target.closest("dialog").close();
  asking?.submit();
});

// The two single keys can be switched off, for people whose speech or switch input types letters by accident
// (WCAG 2.1.4). Those of a switch count only while it has the focus, which the rule allows.
const KEYS_OFF = "portal-keys-off";
let keysOff = false;
try {
  keysOff = localStorage.getItem(KEYS_OFF) === "1";
} catch {
  // Storage is off: the keys are on.
}
for (const box of document.querySelectorAll('input[name="keys_on"]')) box.checked = !keysOff;
document.addEventListener("change", (event) => {
  if (event.target.name !== "keys_on") return;
  keysOff = !event.target.checked;
  try {
    if (keysOff) localStorage.setItem(KEYS_OFF, "1");
    else localStorage.removeItem(KEYS_OFF);
  } catch {
    // As above: it lasts as long as the page.
  }
});

// Keys: / to the search, ? to the help; never while someone is typing, and never over a dialog.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (keysOff || isTyping(event.target) || document.querySelector("dialog:modal")) return;
  if (event.key === "/") {
    const seek = [...document.querySelectorAll('[aria-keyshortcuts="/"], input[type="search"]')].find((input) => input.checkVisibility());
    if (seek) {
      event.preventDefault();
      seek.focus();
      seek.select();
    }
  } else if (event.key === "?") {
    event.preventDefault();
    openDialog("keys");
  }
});
function isTyping(target) {
  return target.isContentEditable || target.matches?.('textarea, select, input:not([type="radio"], [type="checkbox"], [type="button"], [type="submit"])');
}

// How many characters are left.
document.addEventListener("input", (event) => {
  const counter = document.getElementById(event.target.dataset?.counts ?? "");
  if (!counter) return;
  counter.parentElement.querySelector(".saved")?.remove();
  const left = event.target.maxLength - event.target.value.length;
  counter.textContent = left === 1 ? words.one_left : words.some_left.replace("{count}", left);
});

// One polite live region. Any code, or a response with `HX-Trigger: {"announce": {"text": "…"}}`, may speak.
let silence;
document.addEventListener("announce", (event) => {
  const live = document.getElementById("live");
  const text = event.detail?.text ?? event.detail?.value;
  if (!live || !text) return;
  // The same sentence twice is spoken twice only when the region was empty in between.
  live.textContent = "";
  clearTimeout(silence);
  silence = setTimeout(() => (live.textContent = text), 50);
});

// Whoever comes after someone who signed out must not find their page with the back button: the server has the browser
// forget the pages before it, but this one is still on the screen then.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/logout") return;
  addEventListener("pagehide", () => document.body.replaceChildren(), { once: true });
});
addEventListener("pageshow", (event) => {
  if (event.persisted && !document.body.firstElementChild) location.reload();
});

// Copies of pages for times without a connection are one person's: they go when that person does, and where nobody or
// somebody else is signed in. What is not sent yet stays, for its writer alone.
const person = document.getElementById("reauth")?.dataset.person ?? "";
function forgetOthers(own) {
  globalThis.caches?.delete("reflections-pages").catch(() => null);
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("reflection:") || key.startsWith(`reflection:${own}:`)) continue;
      const { answers, was } = JSON.parse(localStorage.getItem(key));
      if (Object.keys(answers).every((one) => answers[one] === (was[one] ?? ""))) localStorage.removeItem(key);
    }
  } catch {
    // Storage is off: there is nothing to forget.
  }
}
try {
  if ((localStorage.getItem("portal-person") ?? "") !== person) {
    forgetOthers(person);
    if (person) localStorage.setItem("portal-person", person);
    else localStorage.removeItem("portal-person");
  }
} catch {
  forgetOthers(person);
}
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/logout") forgetOthers("");
});
