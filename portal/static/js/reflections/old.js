// Drafts of the page for reflections that was there before this portal; whose they are is asked before they are shown.

import { dropOld, readOld } from "./store.js";

const words = JSON.parse(document.getElementById("reflection-words").textContent);

function make(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// `take` puts it into the fields, and says whether the device has it now.
export function offerOld(keys, take) {
  const old = readOld(keys);
  if (!old) return;
  const place = document.getElementById("clash");
  const [yes, no] = [words.old_take, words.old_drop].map((text) => make("button", text, { type: "button", class: "button" }));
  const acts = make("div", "", { class: "acts" });
  acts.append(yes, no);
  const box = make("div", "", { class: "clash" });
  box.append(make("h2", words.old_title), make("p", words.old_text), acts);
  place.replaceChildren(box);
  place.hidden = false;
  const close = () => {
    place.hidden = true;
    dropOld();
  };
  yes.addEventListener("click", () => take(old) && close());
  no.addEventListener("click", close);
}
