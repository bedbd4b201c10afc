import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import { restAgent } from "./fixture.ts";

interface Described {
  readonly examples?: unknown[];
  readonly example?: unknown;
  readonly items?: Described;
  readonly type?: string;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly security?: unknown[];
  readonly parameters?: {
    readonly name: string;
    readonly schema: Described;
    readonly example?: unknown;
    readonly examples?: object;
  }[];
  readonly requestBody?: {
    readonly content: Record<
      string,
      { readonly schema: Described; readonly examples?: object; readonly example?: unknown }
    >;
  };
  readonly responses: Record<
    string,
    {
      readonly description: string;
      readonly content?: Record<
        string,
        { readonly schema: Described; readonly examples?: object; readonly example?: unknown }
      >;
    }
  >;
}

describe("rest OpenAPI description", () => {
  const rest = restAgent();
  let document: { openapi: string; paths: Record<string, Record<string, Operation>> };
  let operations: [string, Operation][];

  before(async () => {
    const { json, contentType } = await rest.send("GET", "/openapi.json", { key: null });
    expect(contentType).to.match(/^application\/json/);
    document = json as typeof document;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as [string, Operation],
      ),
    );
  });

  it("is valid OpenAPI 3.1", async () => {
    expect(document.openapi).to.match(/^3\.1\./);
    const { valid, errors } = await new Validator().validate(document);
    expect(valid, JSON.stringify(errors, null, 1)).to.equal(true);
  });

  it("has both APIs, each operation with a name of its own and a summary", () => {
    for (const [place, { operationId, summary, tags }] of operations) {
      expect(operationId, place).to.match(/^[a-z]\w+$/i);
      expect(summary, place).to.be.a("string");
      expect(tags, place).to.have.lengthOf(1);
    }
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).to.equal(names.length);
    for (const place of [
      "POST /volume/{name}",
      "GET /volumes",
      "GET /capacity",
      "POST /v1/volumes",
      "PUT /v1/volumes/attach",
    ]) {
      expect(operations.map(([own]) => own)).to.include(place);
    }
    expect(operations.length).to.be.greaterThan(40);
  });

  it("tells the errors of every operation that needs a key", () => {
    for (const [place, { responses, security }] of operations) {
      if (security?.length === 0) continue;
      const statuses = place.includes("/v1/")
        ? ["4XX", "5XX", "431"]
        : ["400", "401", "403", "421", "429", "431", "503"];
      for (const status of statuses) expect(responses, place).to.have.property(status);
    }
  });

  it("has examples of parameters, bodies and answers", () => {
    for (const [place, { parameters = [], requestBody, responses }] of operations) {
      for (const { name, schema, example, examples } of parameters) {
        if (name === "nextToken") continue;
        expect(
          example !== undefined || examples !== undefined || hasExample(schema),
          `${place}: ${name}`,
        ).to.equal(true);
      }
      const media = [
        ...Object.values(requestBody?.content ?? {}),
        ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
          status.startsWith("2")
            ? Object.entries(content).flatMap(([type, one]) => (type === "application/json" ? [one] : []))
            : [],
        ),
      ];
      for (const { schema, example, examples } of media) {
        if (schema.type === "null" || place.endsWith("z")) continue;
        expect(example !== undefined || examples !== undefined || hasExample(schema), place).to.equal(true);
      }
    }
  });

  it("has a page that asks nobody but the agent", async () => {
    const page = await fetch(`${rest.agent.url}/docs`);
    expect(page.headers.get("content-security-policy")).to.contain("default-src 'self'");
    const html = await page.text();
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(parts).to.have.lengthOf(3);
    for (const path of parts) {
      const part = await fetch(new URL(path, rest.agent.url));
      expect([part.status, (await part.text()).length > 50], path).to.deep.equal([200, true]);
    }
  });
});

function hasExample({ examples, example, items }: Described): boolean {
  return examples !== undefined || example !== undefined || (items !== undefined && hasExample(items));
}
