// The questions of a reflection as fields, as the portal's own page has them.

import { count, element, icon, say, textOf } from "./drawing.js";

export function drawQuestion(question, place, total, answer) {
  const id = `answer-${question.key}`;
  const title = [
    element("span", { class: "nth" }, `${say("nth", { nth: place, total })} ·`),
    ` ${textOf(question, "prompt")}`,
    ...(question.is_required ? [] : [" ", element("small", { class: "soft" }, say("optional"))]),
  ];
  const error = element("p", { class: "error", id: `${id}-error`, hidden: "" }, icon("warn"), element("span"));
  const isScale = question.kind === "scale";
  const field = isScale ? drawScale(question, id, title, answer) : drawText(question, id, title, answer);
  field.append(error);
  return field;
}

function drawText(question, id, title, answer) {
  const area = element("textarea", {
    id, name: id, rows: 4, dir: "auto", maxlength: question.max_length, "aria-describedby": `${id}-below`,
    required: question.is_required ? "" : null,
  });
  area.value = answer;
  const left = element("span", { class: "figures" });
  const tell = () => (left.textContent = count("left", question.max_length - area.value.length));
  area.addEventListener("input", tell);
  tell();
  const below = element("p", { class: "below", id: `${id}-below` }, element("span", {}, textOf(question, "hint")), left);
  return element("div", { class: "field question", "data-key": question.key }, element("label", { for: id }, ...title), area, below);
}

function drawScale(question, id, title, answer) {
  const scale = element("div", { class: "scale" });
  for (const value of ["1", "2", "3", "4", "5"]) {
    const end = { 1: "low", 5: "high" }[value];
    const about = end && textOf(question, end) ? `${id}-${end}` : null;
    const radio = element("input", {
      type: "radio", name: id, id: `${id}-${value}`, value, autocomplete: "off", "aria-describedby": about,
      checked: answer === value ? "" : null,
    });
    scale.append(element("label", {}, radio, value));
  }
  for (const end of ["low", "high"]) scale.append(element("span", { id: `${id}-${end}` }, textOf(question, end)));
  const attributes = { class: "field question", role: "radiogroup", "data-key": question.key };
  if (question.is_required) attributes["aria-required"] = "true";
  const hint = textOf(question, "hint");
  const parts = [element("legend", {}, ...title), ...(hint ? [element("p", { class: "hint" }, hint)] : []), scale];
  return element("fieldset", attributes, ...parts);
}

// What is wrong with an answer, at its field; nothing takes it away.
export function mend(question, fault) {
  const error = question.querySelector(".error");
  error.hidden = !fault;
  error.querySelector("span").textContent = fault;
  const field = question.querySelector("textarea") ?? question;
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== error.id);
  const about = [...others, ...(fault ? [error.id] : [])].join(" ");
  if (about) field.setAttribute("aria-describedby", about);
  else field.removeAttribute("aria-describedby");
  if (!fault) field.removeAttribute("aria-invalid");
  else if (field !== question) field.setAttribute("aria-invalid", "true");
}
