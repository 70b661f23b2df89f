const samples = [...document.querySelectorAll(".sample")];
const find = document.getElementById("find");
const choices = [...document.querySelectorAll("[data-filter]")];
const shown = document.getElementById("shown");
const open = document.getElementById("open");

function filter() {
  const words = find.value.toLowerCase();
  let count = 0;
  for (const sample of samples) {
    const fits = choices.every((c) => !c.value || sample.dataset[c.dataset.filter] === c.value);
    sample.hidden = !(fits && sample.dataset.text.includes(words));
    count += !sample.hidden;
  }
  shown.textContent = `${count} of ${samples.length} samples`;
}

find.addEventListener("input", filter);
for (const choice of choices) choice.addEventListener("change", filter);
open.addEventListener("click", () => {
  const opens = open.textContent === "open all";
  for (const sample of samples) if (!sample.hidden) sample.open = opens;
  open.textContent = opens ? "close all" : "open all";
});
filter();
