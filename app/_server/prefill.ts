import "server-only";
import { dehydrate, QueryClient, type DehydratedState, type QueryKey } from "@tanstack/react-query";
import type { Ctx } from "@/lib/db/context";
import { toFailure } from "./failure";

/** A datum of the page: the key under which the browser asks for it again, and the verb's answer. */
interface Datum {
  queryKey: QueryKey;
  answer: Promise<unknown>;
}

/** The first page of a list that grows by key. */
export function firstPage<T>(query: { queryKey: QueryKey }, answer: Promise<T>): Datum {
  return { queryKey: query.queryKey, answer: answer.then((page) => ({ pages: [page], pageParams: [null] })) };
}

/** Pairs a query with the verb that answers it on the server. */
export function datum<T>(query: { queryKey: QueryKey; queryFn?: unknown }, answer: Promise<T>): Datum {
  return { queryKey: query.queryKey, answer };
}

/**
 * Fills the page's first paint with what verbs answer. What fails stays empty: its section asks again from the browser
 * and shows the error there, the rest of the page stands.
 */
export async function prefill(ctx: Ctx, data: readonly Datum[]): Promise<DehydratedState> {
  const client = new QueryClient();
  await Promise.all(
    data.map(async ({ queryKey, answer }) => {
      try {
        client.setQueryData(queryKey, await answer);
      } catch (error) {
        toFailure(ctx, error);
      }
    }),
  );
  return dehydrate(client);
}
