import { Document, isScalar } from "yaml";
import { environmentName } from "./flags.ts";
import { configKeys, type EffectiveConfig } from "./effective-config.ts";

/** A configuration as the file that means the same, with where each setting comes from. It holds no secret. */
export function configText({ config, origins }: EffectiveConfig): string {
  const document = new Document({});
  for (const key of configKeys) {
    const origin = origins.get(key);
    if (origin === undefined) continue;
    const pair = document.createPair(key, config[key]);
    if (isScalar(pair.key)) pair.key.commentBefore = ` from ${origin}; or ${environmentName(key)}`;
    document.add(pair);
  }
  return document.toString();
}
