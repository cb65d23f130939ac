// An entry of the catalogue that a form misses is made in a dialog, and goes into the field that asked for it.

const dialog = document.getElementById("new-entry");
let asking = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-for]");
  if (link) asking = document.getElementById(link.dataset.for);
}, { capture: true });
// Shown once it has something to show: a dialog that opens empty says nothing.
document.addEventListener("htmx:after:swap", () => {
  if (asking && !dialog.open && dialog.querySelector("form")) dialog.showModal();
});
document.addEventListener("catalogue:created", (event) => {
  if (asking) asking.value = event.detail.key;
  dialog.close();
});
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  asking?.focus();
  asking = null;
});
