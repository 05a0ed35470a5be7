"use client";

import { Toast as Primitive } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import { Icon } from "./icon";

const manager = Primitive.createToastManager();

interface ToastInput {
  title: string;
  description?: string;
  /** A button such as "Undo". */
  action?: { label: string; onClick: () => void };
}

/** Says what happened. Errors that the person must act on stand in place instead, beside what they did. */
export function showToast({ title, description, action }: ToastInput): void {
  manager.add({
    title,
    ...(description ? { description } : {}),
    ...(action ? { actionProps: { children: action.label, onClick: action.onClick } } : {}),
  });
}

function ToastList() {
  const { toasts } = Primitive.useToastManager();
  return toasts.map((toast) => (
    <Primitive.Root
      key={toast.id}
      toast={toast}
      className="w-full rounded-2 bg-raised text-ink shadow-float transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0"
    >
      <Primitive.Content className="flex items-start gap-2 p-3">
        <div className="min-w-0 flex-1">
          <Primitive.Title className="text-13 font-medium" />
          <Primitive.Description className="text-12 text-ink-3" />
        </div>
        <Primitive.Action className="h-6 rounded-1 border border-line-2 px-2 text-12 font-medium hover:bg-hover" />
        <Primitive.Close
          aria-label="Dismiss"
          className="-m-1 grid size-6 place-items-center rounded-1 text-ink-3 hover:bg-hover"
        >
          <Icon name="close" className="size-3.5" />
        </Primitive.Close>
      </Primitive.Content>
    </Primitive.Root>
  ));
}

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Primitive.Provider toastManager={manager} limit={3}>
      {children}
      <Primitive.Portal>
        <Primitive.Viewport className="fixed right-4 bottom-4 z-60 grid w-80 max-w-[calc(100vw-24px)] gap-2 phone:right-3 phone:bottom-17">
          <ToastList />
        </Primitive.Viewport>
      </Primitive.Portal>
    </Primitive.Provider>
  );
}
