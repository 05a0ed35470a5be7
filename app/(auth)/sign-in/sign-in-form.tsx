"use client";

import { useState, useSyncExternalStore } from "react";
import { leaveTo } from "@/app/_client/leave-to";
import { signIn } from "@/app/_client/sign-in";
import { Glyph } from "@/components/patterns/status";
import { Button } from "@/components/ui/button";
import { Field, Form, Input } from "@/components/ui/field";
import { Brand } from "@/components/patterns/brand";

interface Refusal {
  message: string;
  hint: string;
}

const REFUSALS: Record<string, Refusal> = {
  UNAUTHENTICATED: {
    message: "The e-mail or the password is wrong",
    hint: "Check both. After five failures the next attempt has to wait for 15 minutes.",
  },
  LIMIT: {
    message: "Too many failed attempts",
    hint: "Wait for 15 minutes, or ask an administrator for a new password.",
  },
};

const UNKNOWN: Refusal = {
  message: "The console could not check it",
  hint: "Does its database answer? The web server's log has the cause.",
};

const never = () => () => undefined;

export function SignInForm({ next }: { next: string }) {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isPending, setIsPending] = useState(false);

  // A click before the page is alive would send the form the browser's own way.
  const isAlive = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

  const submit = async (email: string, password: string) => {
    setIsPending(true);
    const code = await signIn(email, password).catch(() => "INTERNAL");
    if (code === null) {
      // A whole load: nothing of the page before stays in memory.
      leaveTo(next);
      return;
    }
    setRefusal(REFUSALS[code] ?? UNKNOWN);
    setIsPending(false);
  };

  return (
    <main className="grid min-h-dvh place-items-center px-4">
      <div className="grid w-full max-w-[320px] gap-6 pb-[12vh]">
        <div className="flex items-center gap-2 text-16 font-semibold tracking-[-0.01em]">
          <Brand />
          Holdfast
        </div>
        <div className="grid gap-1">
          <h1 className="text-18 font-semibold tracking-[-0.015em]">Sign in</h1>
          {next !== "/" && <p className="text-12 text-ink-3">Then back to where you were.</p>}
        </div>
        <Form
          className="grid gap-4"
          onFormSubmit={(values) => {
            void submit(String(values["email"] ?? ""), String(values["password"] ?? ""));
          }}
        >
          <Field name="email" label="E-mail">
            <Input type="email" required autoComplete="username" autoFocus className="h-8!" />
          </Field>
          <Field name="password" label="Password">
            <Input type="password" required autoComplete="current-password" className="h-8!" />
          </Field>
          {refusal && (
            <div role="alert" className="flex items-start gap-2">
              <Glyph tone="failed" className="mt-1 size-3" />
              <div>
                <p className="font-medium">{refusal.message}</p>
                <p className="text-12 text-ink-2">{refusal.hint}</p>
              </div>
            </div>
          )}
          <Button type="submit" look="primary" size="tall" disabled={isPending || !isAlive} focusableWhenDisabled>
            Sign in
          </Button>
        </Form>
      </div>
    </main>
  );
}
