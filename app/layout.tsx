import type { Metadata, Viewport } from "next";
import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { ZONE_COOKIE_NAME } from "@/components/patterns/zone-cookie";
import { systemNow } from "@/lib/kernel/time";
import { Providers } from "./_client/providers";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Holdfast", template: "%s · Holdfast" },
  description: "Know that you can come back.",
  icons: { icon: "/favicon.svg" },
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  colorScheme: "light dark",
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [head, jar] = await Promise.all([headers(), cookies()]);
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <body>
        <Providers
          nonce={head.get("x-nonce") ?? undefined}
          initialMs={systemNow().getTime()}
          zoneCookie={jar.get(ZONE_COOKIE_NAME)?.value}
        >
          {children}
        </Providers>
      </body>
    </html>
  );
}
