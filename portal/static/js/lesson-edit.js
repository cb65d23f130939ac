// Whoever leaves a lesson with words that are not saved is asked first.

const form = document.getElementById("lesson-form");
const text = () => new URLSearchParams(new FormData(form)).toString();
let saved = text();
let leaving = false;

form.addEventListener("submit", () => {
  leaving = true;
});
addEventListener("beforeunload", (event) => {
  if (!leaving && text() !== saved) event.preventDefault();
});
addEventListener("pageshow", () => {
  leaving = false;
});
// A form that came back with something to mend is not saved either.
if (document.querySelector(".wrong")) saved = "";
