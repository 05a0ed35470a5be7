"use client";

import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ThemeProvider } from "next-themes";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { useState, type ReactNode } from "react";
import { ClockProvider } from "@/components/patterns/clock";
import { ToastProvider } from "@/components/ui/toast";
import { ApiError } from "./api";

/** Asking again helps against a lost connection, never against a "no". */
function shouldRetry(failures: number, error: Error): boolean {
  if (error instanceof ApiError && error.status > 0 && error.status < 500) return false;
  return failures < 2;
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: shouldRetry, staleTime: 1_000, retryDelay: 1_000, refetchOnReconnect: "always" },
    },
  });
}

interface ProvidersProps {
  nonce: string | undefined;
  initialMs: number;
  zoneCookie: string | undefined;
  children: ReactNode;
}

export function Providers({ nonce, initialMs, zoneCookie, children }: ProvidersProps) {
  const [queryClient] = useState(createQueryClient);
  return (
    <CSPProvider {...(nonce ? { nonce } : {})}>
      <ThemeProvider
        attribute="data-theme"
        defaultTheme="system"
        enableColorScheme={false}
        storageKey="holdfast-theme"
        {...(nonce ? { nonce } : {})}
      >
        <ClockProvider initialMs={initialMs} zoneCookie={zoneCookie}>
          <NuqsAdapter>
            <QueryClientProvider client={queryClient}>
              <ToastProvider>{children}</ToastProvider>
            </QueryClientProvider>
          </NuqsAdapter>
        </ClockProvider>
      </ThemeProvider>
    </CSPProvider>
  );
}
