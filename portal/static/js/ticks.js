// Lists whose rows are ticked: all of a page at once, how many are chosen, and what needs at least one. The boxes of
// the rows are those of the form, in which they need not stand, that are named "id", or as its data-ticks says.

const boxesOf = (form) => [...form.elements].filter((box) => box.type === "checkbox" && box.name === (form.dataset.ticks ?? "id"));

function tell(form) {
  const boxes = boxesOf(form);
  const count = boxes.filter((box) => box.checked).length;
  for (const all of form.elements) {
    if (!("ticksAll" in all.dataset)) continue;
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
    all.disabled = boxes.length === 0;
  }
  const every = form.elements.namedItem("all");
  const isEvery = every?.type === "checkbox" && every.checked;
  const said = form.querySelector(".ticked");
  const { one, some } = said.dataset;
  said.textContent = count === 0 ? "" : count === 1 ? one : some.replace("{count}", count.toLocaleString(document.documentElement.lang));
  if (isEvery) said.textContent = every.labels[0].textContent.trim(); // not how many of them this page shows
  for (const button of form.querySelectorAll("[data-needs-ticks]")) button.disabled = count === 0;
  offer(form, boxes.length > 0 && count === boxes.length, isEvery);
}
// "All 50 on this page are selected. Select all 1,204 that match", where the form takes that.
function offer(form, isWholePage, isEvery) {
  // Not form.id: that is the boxes of the rows where they are named "id".
  const name = form.getAttribute("id");
  const line = name && document.querySelector(`[data-all-ticked="${CSS.escape(name)}"]`);
  if (!line) return;
  line.hidden = !isWholePage && !isEvery;
  line.querySelector("span").textContent = isEvery ? line.dataset.after : line.dataset.before;
  line.querySelector("button").hidden = isEvery;
}
const tellAll = () => document.querySelectorAll("form:has(.ticked)").forEach(tell);

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (event.target.type !== "checkbox" || !form?.querySelector(".ticked")) return;
  if ("ticksAll" in event.target.dataset) for (const box of boxesOf(form)) box.checked = event.target.checked;
  const every = form.elements.namedItem("all");
  // Whoever takes one row out does not mean all that match any more.
  if (every?.type === "checkbox" && event.target !== every && !event.target.checked) every.checked = false;
  tell(form);
});
document.addEventListener("click", (event) => {
  const line = event.target.closest?.("[data-ticks-every]")?.closest("[data-all-ticked]");
  const form = line && document.getElementById(line.dataset.allTicked);
  const every = form?.elements.namedItem("all");
  if (!every) return;
  every.checked = true;
  tell(form);
  every.focus();
});
// The boxes are as they were only after the event itself.
document.addEventListener("reset", (event) => {
  if (event.target.querySelector(".ticked")) setTimeout(() => tell(event.target));
});
document.addEventListener("htmx:after:swap", tellAll);
// Back from another page the boxes may be as they were left.
addEventListener("pageshow", tellAll);
tellAll();
