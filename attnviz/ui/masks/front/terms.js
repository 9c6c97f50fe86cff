// Terms as the text of a formula; the same as `text_of` on the server.
export function formulaText(terms) {
  return terms
    .map((term, i) => {
      const body = !term.name ? `(${term.arguments})` : term.arguments || term.bracketed ? `${term.name}(${term.arguments})` : term.name;
      return `${i ? ` ${term.join || "&"} ` : ""}${term.negated ? "~" : ""}${body}`;
    })
    .join("");
}
