// Making elements, and saying things in the language that is chosen.

const given = JSON.parse(document.getElementById("words").textContent);
export const { api, portal, languages } = given;
let language = "en";

export const spoken = () => language;
export function speak(wanted) {
  language = wanted in given.words ? wanted : "en";
  document.documentElement.lang = language;
}
// A sentence, with what stands in its braces.
export function say(name, values = {}) {
  return given.words[language][name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}
export function count(name, number) {
  const form = new Intl.PluralRules(language).select(number) === "one" ? "one" : "some";
  return say(`${name}_${form}`, { num: number.toLocaleString(language) });
}
export function longDay(text) {
  const format = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  const day = new Date(`${text}T12:00`).toLocaleDateString(language === "fr" ? "fr" : "en-GB", format);
  return language === "fr" ? day.replace(/(^|\s)1\s/u, "$11er ") : day;
}
// A text of a form in the chosen language, in the other where that is empty.
export const textOf = (row, name) => row[`${name}_${language}`] || row[`${name}_${language === "fr" ? "en" : "fr"}`];

export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...content);
  return made;
}
export function icon(name) {
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sign.setAttribute("class", "icon");
  sign.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `icons.svg#i-${name}`);
  sign.append(use);
  return sign;
}
