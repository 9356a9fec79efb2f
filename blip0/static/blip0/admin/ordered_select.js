"use strict";
/* A newly chosen option goes behind those that are chosen already: the browser sends them so. */
window.addEventListener("load", () => {
  const $ = django.jQuery;
  $("select[data-ordered]").on("select2:select", (event) => {
    const option = $(event.params.data.element);
    const last = option.siblings(":selected").last();
    if (last.length) {
      option.insertAfter(last).parent().trigger("change");
    }
  });
});
