// As long as the page has an element with `data-follow`, the part of the page with the id that it
// names is fetched anew every two seconds.
"use strict";

async function follow() {
    const place = document.querySelector("[data-follow]")?.dataset.follow;
    if (!place) return;
    const answer = await fetch(location.href).catch(() => null);
    if (answer?.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(place);
        if (!fresh) return location.reload(); // another page: the sign-in
        document.getElementById(place).replaceWith(fresh);
    }
    setTimeout(follow, 2000);
}

document.addEventListener("DOMContentLoaded", () => setTimeout(follow, 2000));
