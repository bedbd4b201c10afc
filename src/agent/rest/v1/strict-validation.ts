import type { FastifySchemaCompiler } from "fastify";
import { type TObject, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import { queryValues } from "./query-values.ts";
import { problemOf } from "./schema-problems.ts";
import { VolumesApiError } from "./refusals.ts";

type Checked = { value: unknown } | { error: Error };

/**
 * Checks requests as they are: nothing is converted, left out or filled in, and what a schema does not know is an error.
 * Only queries, which are texts, are read as what their schema says.
 */
export const strictValidation: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = httpPart === "body" ? bodyCheck(schema) : parameterCheck(schema as TObject, httpPart);
  return (value: unknown): Checked => {
    try {
      return { value: check(value) };
    } catch (thrown) {
      if (thrown instanceof VolumesApiError) return { error: thrown };
      throw thrown;
    }
  };
};

/** Of path and query: objects of texts. */
function parameterCheck(schema: TObject, httpPart: string | undefined): (value: unknown) => unknown {
  const check = objectCheck(schema);
  if (httpPart !== "querystring") return check;
  return (query) => check(queryValues(query as Record<string, string | string[]>, schema.properties));
}

/** Of a body that is one of: an object, an array of such objects, nothing. */
function bodyCheck(schema: TSchema): (value: unknown) => unknown {
  const forms = Type.IsUnion(schema) ? schema.anyOf : [schema];
  const item = forms.find((form) => Type.IsObject(form));
  const list = forms.find((form) => Type.IsArray(form)) as { maxItems?: number } | undefined;
  const mayBeLeftOut = forms.some((form) => Type.IsNull(form));
  if (item === undefined) throw new Error("a body without an object form");
  const checkItem = objectCheck(item);
  return (body) => {
    if (body === null || body === undefined) {
      if (mayBeLeftOut) return null;
      throw new VolumesApiError("MALFORMED", "a JSON body is missing");
    }
    if (!Array.isArray(body)) return checkItem(body);
    if (list === undefined) throw new VolumesApiError("INVALID", "the body is an array; it takes one object");
    if (body.length === 0) throw new VolumesApiError("INVALID", "the body is an array without items");
    if (body.length > (list.maxItems ?? Infinity)) {
      const most = `a request has at most ${list.maxItems ?? 0} items, this one has ${body.length}`;
      throw new VolumesApiError("TOO_MANY", most);
    }
    return body.map((each, index) => checkItem(each, `item ${index}: `));
  };
}

/** @returns the value itself. @throws VolumesApiError saying what the first problem is */
function objectCheck(schema: TSchema): (value: unknown, where?: string) => unknown {
  const compiled = Compile(schema);
  return (value, where = "") => {
    if (compiled.Check(value)) return value;
    const { refusal, message } = problemOf(schema, value, compiled.Errors(value));
    throw new VolumesApiError(refusal, where + message);
  };
}
