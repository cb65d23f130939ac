// What the device keeps: the text of each reflection at every change, and what waits to be sent.
// Records are one person's: `reflection:PERSON:ROUND`. Another person's are neither read nor shown.

const keyOf = (person, round) => `reflection:${person}:${round}`;

export function readLocal(person, round) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(person, round)));
  } catch {
    return null;
  }
}
// Whether it was kept: storage may be off or full.
export function writeLocal(person, round, record) {
  try {
    localStorage.setItem(keyOf(person, round), JSON.stringify(record));
    return true;
  } catch {
    return false;
  }
}
export function dropLocal(person, round) {
  try {
    localStorage.removeItem(keyOf(person, round));
  } catch {
    // Storage is off: there is nothing.
  }
}
export const isRecordOf = (event, person, round) => event.key === keyOf(person, round);

// Drafts of the page that came before this portal: {"reflection_draft": {question1, …, timestamp, language}}.
const OLD = "reflection_draft";
export function readOld(keys) {
  try {
    const old = JSON.parse(localStorage.getItem(OLD));
    const draft = old?.reflection_draft ?? old;
    const found = keys.filter((key) => typeof draft?.[key] === "string" && draft[key].trim());
    return found.length ? Object.fromEntries(found.map((key) => [key, draft[key]])) : null;
  } catch {
    return null;
  }
}
export const dropOld = () => localStorage.removeItem(OLD);

// The outbox is in IndexedDB, because the service worker reads it too.
function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("reflections", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: "number" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
async function inOutbox(mode, deed) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("outbox", mode);
      const asked = deed(transaction.objectStore("outbox"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
export const keepToSend = (item) => inOutbox("readwrite", (store) => store.put(item));
export const takeBack = (number) => inOutbox("readwrite", (store) => store.delete(number));
export const listToSend = () => inOutbox("readonly", (store) => store.getAll()).catch(() => []);
