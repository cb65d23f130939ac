// "Show what I type": the fields named in data-reveals become readable while the button is pressed in.

function show(button, shown) {
  button.setAttribute("aria-pressed", String(shown));
  for (const id of button.dataset.reveals.split(" ")) document.getElementById(id).type = shown ? "text" : "password";
}

for (const button of document.querySelectorAll("[data-reveals]")) {
  button.hidden = false;
  button.addEventListener("click", () => show(button, button.getAttribute("aria-pressed") !== "true"));
  // What is sent must be a password to the browser, or it keeps it among what was typed into fields of text.
  button.form?.addEventListener("submit", () => show(button, false));
}
