// Names for assistive technology, where unfold and select2 leave them out.
const nameAll = () => {
  // An icon is a word that a font draws: read aloud, it would be a part of its link's name. Where it
  // is all that there is, it is the name.
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) {
    const word = icon.textContent.trim();
    const owner = icon.closest("a, button, [role=button]");
    if (owner && owner.textContent.trim() === word && !owner.hasAttribute("aria-label")) {
      owner.setAttribute("aria-label", owner.title || word.replaceAll("_", " "));
    }
    icon.setAttribute("aria-hidden", "true");
  }
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const name = select.labels[0]?.textContent.trim() || select.getAttribute("aria-label");
    const parts = select.nextElementSibling?.querySelectorAll(
      ".select2-selection, .select2-selection__rendered, .select2-search__field",
    );
    for (const part of name && parts ? parts : []) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", name);
    }
  }
};

// After the ready handlers of the others: select2 is there by then.
window.addEventListener("load", () => (window.django?.jQuery ?? ((run) => run()))(nameAll));
