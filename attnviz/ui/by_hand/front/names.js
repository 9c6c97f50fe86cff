// What a step of the walk is called.

// How a step is called; what comes from the encoder has a name of its own.
export function screenName({ text, norm_kind }, { stage, steps, all }, place = "stage") {
  const name = stage === "input" && steps.includes("memory") ? "memory" : stage === "norm" && norm_kind === "rms" ? "norm_rms" : stage;
  if (stage === "project") return all.filter((step) => step.operation !== "given").map((step) => step.symbol).join(", ");
  return text[`${place}_${name}`] || text[`stage_${name}`];
}
