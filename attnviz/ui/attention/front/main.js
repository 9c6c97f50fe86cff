import { streamlit } from "../../front/host.js";
import { Stage } from "./stage.js";
import "./coming.js";
import "./screen.js";
import "./telling.js";
import "./token.js";

export default function attentionStage(component) {
  streamlit(component, "attnvizStage", Stage);
}
