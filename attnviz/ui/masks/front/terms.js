// Terms as the text of a formula; the same as `text_of` on the server. A bracket is a term with terms inside.
export function formulaText(terms) {
  return terms
    .map((term, i) => {
      const inside = term.inside ?? [];
      const named = term.arguments || term.bracketed ? `${term.name}(${term.arguments})` : term.name;
      const body = inside.length ? `(${formulaText(inside)})` : named;
      return `${i ? ` ${term.join || "&"} ` : ""}${term.negated ? "~" : ""}${body}`;
    })
    .join("");
}

// The terms with the one at a path (its place in each bracket on the way) changed; null takes it out. A bracket that is
// left empty goes, too.
export function changed(terms, [at, ...further], change) {
  return terms.flatMap((term, i) => {
    if (i !== at) return [term];
    if (!further.length) return change === null ? [] : [{ ...term, ...change }];
    const inside = changed(term.inside, further, change);
    return inside.length ? [{ ...term, inside }] : [];
  });
}
