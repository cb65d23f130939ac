// Lists whose rows are ticked: all of a page at once, how many are chosen, and what needs at least one.

function tell(form) {
  const boxes = [...form.querySelectorAll('tbody [type="checkbox"]')];
  const count = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-ticks-all]");
  if (all) {
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
    all.disabled = boxes.length === 0;
  }
  const said = form.querySelector(".ticked");
  const { one, some } = said.dataset;
  said.textContent = count === 0 ? "" : count === 1 ? one : some.replace("{count}", count.toLocaleString(document.documentElement.lang));
  for (const button of form.querySelectorAll("[data-needs-ticks]")) button.disabled = count === 0;
}
const tellAll = () => document.querySelectorAll("form:has(.ticked)").forEach(tell);

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (event.target.type !== "checkbox" || !form?.querySelector(".ticked")) return;
  if ("ticksAll" in event.target.dataset) {
    for (const box of form.querySelectorAll('tbody [type="checkbox"]')) box.checked = event.target.checked;
  }
  tell(form);
});
document.addEventListener("htmx:after:swap", tellAll);
// Back from another page the boxes may be as they were left.
addEventListener("pageshow", tellAll);
tellAll();
