// The document of the API, shown by Swagger UI. Tokens that are typed in stay in this page alone.
const place = document.getElementById("api");
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

// The theme that was chosen in the portal, else the system's.
function paint() {
  root.classList.toggle("dark-mode", root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
}
dark.addEventListener("change", paint);
paint();

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
