// Two texts of one person side by side: which stays, or both.

const words = JSON.parse(document.getElementById("reflection-words").textContent);

function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function choice(key, value, title, text, isChosen) {
  const radio = element("input", { type: "radio", name: `clash-${key}`, value, ...(isChosen ? { checked: "" } : {}) });
  const quote = element("blockquote", { dir: "auto" }, text || words.empty);
  return element("label", { class: "side" }, element("span", {}, radio, ` ${title}`), quote);
}

// What needs no choice: a question that only one side has changed since both were the same.
export function merge(was, mine, theirs) {
  const merged = { ...mine };
  for (const key of Object.keys(theirs)) {
    if ((mine[key] ?? "") === (was[key] ?? "")) merged[key] = theirs[key];
  }
  const open = Object.keys(merged).filter((key) => {
    const [before, here, there] = [was, mine, theirs].map((one) => one[key] ?? "");
    return here !== there && here !== before && there !== before;
  });
  return { merged, open };
}

// Gives the answers that were chosen; `ask` is called once, and again whenever there is something new to choose.
export function choose(place, mine, theirs, different, { titleOf, isScale }) {
  const form = element("div", { class: "clash", role: "group", "aria-labelledby": "clash-title" });
  form.append(element("h2", { id: "clash-title", tabindex: "-1" }, words.clash_title), element("p", {}, words.clash_text));
  for (const key of different) {
    const both = mine[key] && theirs[key] && !isScale(key);
    const field = element("fieldset", {}, element("legend", {}, titleOf(key)));
    const sides = element("div", { class: "sides" });
    sides.append(choice(key, "mine", words.here, mine[key], Boolean(mine[key]) && !both));
    sides.append(choice(key, "theirs", words.there, theirs[key], !mine[key]));
    if (both) sides.append(choice(key, "both", words.both, join(mine[key], theirs[key]), true));
    field.append(sides);
    form.append(field);
  }
  const take = element("button", { type: "button", class: "button primary" }, words.take);
  form.append(take);
  place.replaceChildren(form);
  place.hidden = false;
  document.getElementById("clash-title").focus();
  return new Promise((resolve) => {
    take.addEventListener("click", () => {
      const chosen = { ...mine };
      for (const key of different) {
        const picked = form.querySelector(`input[name="clash-${CSS.escape(key)}"]:checked`)?.value;
        chosen[key] = { mine: mine[key], theirs: theirs[key], both: join(mine[key], theirs[key]) }[picked] ?? "";
      }
      place.hidden = true;
      place.replaceChildren();
      resolve(chosen);
    });
  });
}

// One text that holds the other already is the longer one.
function join(one = "", other = "") {
  if (one.includes(other)) return one;
  return other.includes(one) ? other : `${one}\n\n${other}`;
}
