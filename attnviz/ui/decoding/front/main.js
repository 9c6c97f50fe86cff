import { streamlit } from "../../front/host.js";
import { DecodingStage } from "./stage.js";

export default function decodingStage(component) {
  streamlit(component, "attnvizDecoding", DecodingStage);
}
