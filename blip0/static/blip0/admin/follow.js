// A page that follows something: as long as an element has `data-follow`, the parts of the page
// that are marked with `data-live` are fetched anew every two seconds.
"use strict";

async function follow() {
    if (!document.querySelector("[data-follow]")) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        // At its end everything on the page is another: badges, result, duration.
        if (!page.querySelector("[data-follow]")) return location.reload();
        for (const part of document.querySelectorAll("[data-live]")) {
            const fresh = page.getElementById(part.id);
            if (fresh) part.replaceChildren(...fresh.childNodes);
        }
    }
    setTimeout(follow, 2000);
}

document.addEventListener("DOMContentLoaded", () => setTimeout(follow, 2000));
