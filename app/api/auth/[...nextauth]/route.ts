import NextAuth from "next-auth";
import type { NextRequest } from "next/server";
import { isSecure } from "@/app/_server/origin";
import { authOptions } from "@/app/_server/session";

interface Context {
  params: Promise<{ nextauth: string[] }>;
}

const handler = async (request: NextRequest, context: Context): Promise<Response> =>
  (await NextAuth(request, context, authOptions(request.headers, isSecure(request.headers)))) as Response;

export { handler as GET, handler as POST };
