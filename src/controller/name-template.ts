import { StatusError } from "../kit/errors.ts";
import { didYouMean } from "../kit/did-you-mean.ts";

/** What a template can name, and the parameter in which the provisioner brings it with --extra-create-metadata. */
const metadata: Readonly<Record<string, string>> = {
  "pvc.name": "csi.storage.k8s.io/pvc/name",
  "pvc.namespace": "csi.storage.k8s.io/pvc/namespace",
  "pv.name": "csi.storage.k8s.io/pv/name",
};

/** True for a parameter that the provisioner adds. */
export function isMetadata(parameter: string): boolean {
  return Object.values(metadata).includes(parameter);
}

/**
 * Fills what Kubernetes says of a claim into a template of the parameter `subject`.
 * @throws StatusError INVALID_ARGUMENT for what no template can name, and for what the provisioner did not bring
 */
export function filled(
  subject: string,
  template: string,
  parameters: Readonly<Record<string, string>>,
): string {
  return template.replace(/\$\{([^}]*)\}?/g, (whole, name: string) => {
    const parameter = Object.hasOwn(metadata, name) && whole.endsWith("}") ? metadata[name] : undefined;
    if (parameter === undefined) {
      const known = Object.keys(metadata);
      throw invalid(`${subject} has ${JSON.stringify(whole.slice(0, 64))}: ${didYouMean(name, known)}`);
    }
    const value = parameters[parameter] ?? "";
    if (value !== "") return value;
    throw invalid(
      `${subject} needs ${whole}, and ${parameter} is missing: start the provisioner with --extra-create-metadata`,
    );
  });
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}
