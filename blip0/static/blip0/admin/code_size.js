// Below each textarea with `data-max-bytes`: how many lines and bytes it holds.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    for (const field of document.querySelectorAll("textarea[data-max-bytes]")) {
        const most = Number(field.dataset.maxBytes);
        const told = document.createElement("output");
        told.htmlFor = field.id;
        told.className = "block mt-2 text-font-subtle-light text-sm dark:text-font-subtle-dark";
        const tell = () => {
            const text = field.value;
            const bytes = new TextEncoder().encode(text).length;
            const lines = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
            const number = (value) => value.toLocaleString("en");
            told.textContent = `${number(lines)} line${lines === 1 ? "" : "s"}, `
                + `${number(bytes)} of ${number(most)} bytes`;
            if (bytes > most) told.textContent += ": too many";
        };
        field.addEventListener("input", tell);
        field.after(told);
        tell();
    }
});
