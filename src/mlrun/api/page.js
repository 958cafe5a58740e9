// The page reads without this; it adds a filter, buttons that copy, and opens what an address leads to.
"use strict";

const box = document.getElementById("filter");
const entries = [...document.querySelectorAll("details")];
const operations = entries.filter((entry) => entry.classList.contains("operation"));
const texts = new Map(
  entries.map((entry) => [
    entry,
    `${entry.closest("section").id} ${entry.id} ${entry.firstElementChild.textContent}`.toLowerCase(),
  ]),
);

function filter() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of entries) {
    entry.hidden = !words.every((word) => texts.get(entry).includes(word));
  }
  for (const section of document.querySelectorAll("section:has(details)")) {
    section.hidden = !section.querySelector("details:not([hidden])");
  }
  document.querySelector(".about").hidden = words.length > 0;
  const shown = operations.filter((entry) => !entry.hidden).length;
  document.getElementById("count").textContent = words.length
    ? `${shown} of ${operations.length}`
    : `${operations.length} operations`;
}

async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch { // only pages of https and of this machine have a clipboard
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
  }
  button.textContent = "copied";
  setTimeout(() => (button.textContent = "copy"), 1500);
}

function open() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") {
    target.hidden = target.parentElement.hidden = false;
    target.open = true;
    target.scrollIntoView();
  }
}

for (const pre of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "copy";
  button.addEventListener("click", () => copy(button, pre.firstElementChild));
  pre.append(button);
}
box.hidden = false;
box.addEventListener("input", filter);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) {
    event.preventDefault();
    box.focus();
  }
});
addEventListener("hashchange", open);
filter();
open();
