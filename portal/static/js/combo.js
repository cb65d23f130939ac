// Type-ahead after the ARIA "editable combobox with list autocomplete" pattern. The list comes from the server as
// <li role="option" data-value="…">; the focus stays in the input and aria-activedescendant points into the list.

const words = JSON.parse(document.getElementById("words").textContent);
const WAIT = 150;
const timers = new WeakMap();

const partsOf = (input) => {
  const pick = input.closest(".pick");
  return { pick, list: pick.querySelector('[role="listbox"]'), held: pick.querySelector('input[type="hidden"]') };
};
const optionsOf = (list) => [...list.querySelectorAll('[role="option"]:not([aria-disabled="true"])')];
const isCombo = (target) => target.matches?.('input[role="combobox"][data-combo-url]');

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!isCombo(input)) return;
  // What was chosen no longer stands once the words change.
  partsOf(input).held.value = "";
  clearTimeout(timers.get(input));
  timers.set(input, setTimeout(() => ask(input), WAIT));
});

async function ask(input) {
  const { list } = partsOf(input);
  const address = new URL(input.dataset.comboUrl, document.baseURI);
  const query = input.value.trim();
  address.searchParams.set("q", query);
  // What is offered may depend on other fields of the form, such as the days of a course.
  for (const name of input.dataset.comboWith?.split(" ") ?? []) {
    const value = new FormData(input.form).get(name);
    if (value) address.searchParams.set(name, value);
  }
  await htmx.ajax("GET", address.pathname + address.search, { source: input, target: list, swap: "innerHTML" });
  if (input.value.trim() !== query || document.activeElement !== input) return;
  open(input);
}

function open(input) {
  const { list } = partsOf(input);
  const options = optionsOf(list);
  options.forEach((option, index) => {
    option.id ||= `${list.id}-${index}`;
    option.setAttribute("aria-selected", "false");
  });
  list.hidden = list.childElementCount === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
  // On a phone it would end behind the places at the bottom, which no key and no look gets past.
  if (!list.hidden) list.scrollIntoView({ block: "nearest" });
  input.removeAttribute("aria-activedescendant");
  const said = options.length === 0 ? words.no_results : options.length === 1 ? words.one_result : words.some_results.replace("{count}", options.length);
  document.dispatchEvent(new CustomEvent("announce", { detail: { text: said } }));
}

function close(input) {
  clearTimeout(timers.get(input));
  partsOf(input).list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function mark(input, option) {
  const { list } = partsOf(input);
  for (const other of optionsOf(list)) other.setAttribute("aria-selected", String(other === option));
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function pick(input, option) {
  const { pick: frame, held } = partsOf(input);
  input.value = option.dataset.text ?? option.querySelector("span")?.textContent.trim() ?? option.textContent.trim();
  held.value = option.dataset.value;
  close(input);
  held.dispatchEvent(new Event("change", { bubbles: true }));
  frame.dispatchEvent(new CustomEvent("combo:picked", { bubbles: true, detail: { value: held.value, text: input.value } }));
}

document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (!isCombo(input) || event.ctrlKey || event.metaKey) return;
  const { list } = partsOf(input);
  const shown = !list.hidden;
  const options = shown ? optionsOf(list) : [];
  const at = options.findIndex((option) => option.id === input.getAttribute("aria-activedescendant"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!shown) ask(input);
    else if (options.length) mark(input, options[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + options.length) % options.length]);
  } else if (event.key === "Enter" && at >= 0) {
    event.preventDefault();
    pick(input, options[at]);
  } else if (event.key === "Escape" && shown) {
    event.preventDefault();
    close(input);
  } else if (event.key === "Tab" && at >= 0) {
    pick(input, options[at]);
  }
});

// A click on a field whose list is shut opens it, as it would in a select.
document.addEventListener("click", (event) => {
  const input = event.target;
  if (!isCombo(input) || !partsOf(input).list.hidden) return;
  input.select();
  ask(input);
});
// The button goes down before the focus leaves: keep the focus, so that the list is still there when it comes up.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest?.('.pick [role="listbox"]')) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const option = event.target.closest?.('.pick [role="option"]:not([aria-disabled="true"])');
  if (option) pick(option.closest(".pick").querySelector('[role="combobox"]'), option);
});
document.addEventListener("focusout", (event) => {
  if (isCombo(event.target)) close(event.target);
});
