// The list of courses: chips of the filters, and menus that stay open while their ticks change the list.

// What is picked or typed in a field becomes a chip at once, so that no later request can lose it.
function keep(input, text) {
  const value = text.trim();
  if (!value) return;
  const chips = document.getElementById("chips");
  const isThere = [...chips.querySelectorAll("input")].some((box) => box.name === input.name && box.value === value);
  if (!isThere) {
    const chip = document.getElementById("chip").content.cloneNode(true);
    const box = chip.querySelector("input");
    box.name = input.name;
    box.value = value;
    chip.querySelector(".soft").textContent = input.dataset.chips;
    chip.querySelector("bdi").textContent = value;
    chips.append(chip);
  }
  input.value = "";
}
// Before htmx hears of it: what it sends is the chip.
document.addEventListener("combo:picked", (event) => {
  const input = event.target.querySelector("[data-chips]");
  if (input) keep(input, input.value);
}, { capture: true });
for (const kind of ["change", "submit"]) {
  document.addEventListener(kind, (event) => {
    const inputs = kind === "change" ? [event.target] : event.target.querySelectorAll("[data-chips]");
    for (const input of inputs) if (input.dataset && "chips" in input.dataset) keep(input, input.value);
  }, { capture: true });
}
// A chip that is taken away leaves the focus with its field.
document.addEventListener("change", (event) => {
  const chip = event.target.closest?.(".chip");
  if (!chip || event.target.checked) return;
  const field = document.getElementById(`filter-${event.target.name}`);
  if (chip.contains(document.activeElement)) field?.focus();
  chip.hidden = true;
});

// The server draws the filters anew; a menu in which someone ticks stays open.
let open = [];
let at = "";
document.addEventListener("htmx:before:swap", () => {
  at = document.activeElement?.closest("#filters details") ? document.activeElement.id : "";
  open = [...document.querySelectorAll(":is(#filters, #results) details[id][open]")].map((menu) => menu.id);
});
document.addEventListener("htmx:after:swap", () => {
  for (const id of open) {
    const menu = document.getElementById(id);
    if (menu) menu.open = true;
  }
  // What stands in a closed menu cannot be focused while it is drawn.
  if (at && document.activeElement?.id !== at) document.getElementById(at)?.focus({ preventScroll: true });
});

// Where the matrix is wider than the page, it begins with the week that the numbers are about, not with the first. Once:
// whoever went back to the first weeks stays there, whatever is drawn anew around them.
const begun = new WeakSet();
function showWeek() {
  const week = document.querySelector(".matrix thead [aria-current]");
  const frame = week?.closest(".matrix-frame");
  if (!frame || begun.has(frame)) return;
  begun.add(frame);
  frame.scrollLeft = week.offsetLeft + 2 * week.offsetWidth - frame.clientWidth;
}
document.addEventListener("htmx:after:swap", showWeek);
showWeek();
