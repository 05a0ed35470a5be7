"use client";

import { AlertDialog as AlertPrimitive } from "@base-ui/react/alert-dialog";
import { Dialog as Primitive } from "@base-ui/react/dialog";
import { useRef, type ReactElement, type ReactNode } from "react";
import { Button } from "./button";

const BACKDROP =
  "fixed inset-0 z-40 min-h-dvh bg-[#000]/40 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0";
const POPUP =
  "fixed top-[16vh] left-1/2 z-50 grid w-[440px] max-w-[calc(100vw-24px)] -translate-x-1/2 gap-3 rounded-2 bg-raised p-4 text-ink shadow-float outline-none transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0";

interface DialogProps {
  title: string;
  description?: ReactNode;
  children: ReactNode;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** A dialog for a form or a list. `Esc` closes the top one only, focus goes back to where it was. */
export function Dialog({ title, description, children, isOpen, onOpenChange }: DialogProps) {
  return (
    <Primitive.Root open={isOpen} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Backdrop className={BACKDROP} />
        <Primitive.Popup className={POPUP}>
          <div className="grid gap-1">
            <Primitive.Title className="text-14 font-semibold">{title}</Primitive.Title>
            {description && <Primitive.Description className="text-12 text-ink-3">{description}</Primitive.Description>}
          </div>
          {children}
        </Primitive.Popup>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

interface ConfirmProps {
  title: string;
  /** The consequence, in a sentence. */
  consequence: ReactNode;
  /** The verb with its object: "Delete policy". */
  confirm: string;
  onConfirm: () => void;
  /** The button that asks. */
  trigger: ReactElement;
  isPending?: boolean;
  /** For a question that a link can open. */
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
}

/** A moderate act: names the object and the consequence; the focus starts on Cancel. */
export function Confirm({
  title,
  consequence,
  confirm,
  onConfirm,
  trigger,
  isPending,
  isOpen,
  onOpenChange,
}: ConfirmProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <AlertPrimitive.Root
      {...(isOpen === undefined ? {} : { open: isOpen })}
      {...(onOpenChange ? { onOpenChange } : {})}
    >
      <AlertPrimitive.Trigger render={trigger} />
      <AlertPrimitive.Portal>
        <AlertPrimitive.Backdrop className={BACKDROP} />
        <AlertPrimitive.Popup className={POPUP} initialFocus={cancel}>
          <AlertPrimitive.Title className="text-14 font-semibold">{title}</AlertPrimitive.Title>
          <AlertPrimitive.Description className="text-13 text-ink-2" render={<div />}>
            {consequence}
          </AlertPrimitive.Description>
          <div className="flex justify-end gap-2">
            <AlertPrimitive.Close render={<Button ref={cancel} />}>Cancel</AlertPrimitive.Close>
            <AlertPrimitive.Close render={<Button look="primary" disabled={isPending ?? false} />} onClick={onConfirm}>
              {confirm}
            </AlertPrimitive.Close>
          </div>
        </AlertPrimitive.Popup>
      </AlertPrimitive.Portal>
    </AlertPrimitive.Root>
  );
}
