// What this browser keeps besides the texts: the language, who writes here, and what was open when the portal was
// last reached. The token lasts as long as the tab; whoever comes back signs in again to send, not to read on.

const PERSON = "reflection_person", LANGUAGE = "reflection_language", TOKEN = "reflection_token";
const formsOf = (person) => `reflection_forms:${person.id}`;

function read(key, storage = localStorage) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null;
  }
}
function write(key, value, storage = localStorage) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is off or full: the page goes on without.
  }
}
// The page that was there before kept the bare word.
export function chosenLanguage() {
  try {
    return localStorage.getItem(LANGUAGE)?.replaceAll('"', "") || navigator.language.slice(0, 2);
  } catch {
    return navigator.language.slice(0, 2);
  }
}
export function keepLanguage(language) {
  try {
    localStorage.setItem(LANGUAGE, language);
  } catch {
    // As above.
  }
}
export const readPerson = () => read(PERSON);
export const keepPerson = (person) => write(PERSON, person);
let held = read(TOKEN, globalThis.sessionStorage);
export const token = () => held;
export function keepToken(text) {
  held = text;
  write(TOKEN, text, globalThis.sessionStorage);
}
export const readForms = (person) => read(formsOf(person)) ?? [];
export const keepForms = (person, forms) => write(formsOf(person), forms);

const recordsOf = (person) => Object.keys(localStorage).filter((key) => key.startsWith(`reflection:${person.id}:`));
export function hasWords(person) {
  try {
    return recordsOf(person).some((key) => Object.values(read(key)?.answers ?? {}).some(Boolean));
  } catch {
    return false;
  }
}
// Whoever signs out leaves nothing behind.
export function forget(person) {
  keepToken(null);
  try {
    for (const key of [...recordsOf(person), PERSON, formsOf(person)]) localStorage.removeItem(key);
  } catch {
    // As above.
  }
}
