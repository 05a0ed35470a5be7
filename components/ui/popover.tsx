"use client";

import { Popover as Primitive } from "@base-ui/react/popover";
import { Tooltip as TooltipPrimitive } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";

const FLOAT = "rounded-2 bg-raised text-ink shadow-float outline-none";

interface PopoverProps {
  trigger: ReactElement;
  title: string;
  children: ReactNode;
  align?: "start" | "center" | "end";
}

/** A small form or list beside the button that opens it. */
export function Popover({ trigger, title, children, align = "end" }: PopoverProps) {
  return (
    <Primitive.Root>
      <Primitive.Trigger render={trigger} />
      <Primitive.Portal>
        <Primitive.Positioner className="z-50" sideOffset={4} align={align}>
          <Primitive.Popup className={`${FLOAT} grid gap-2 p-3`}>
            <Primitive.Title className="text-12 font-semibold">{title}</Primitive.Title>
            {children}
          </Primitive.Popup>
        </Primitive.Positioner>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** What a hint holds: one short line. It repeats the trigger's accessible name, never adds to it. */
export function Tooltip({ text, trigger }: { text: ReactNode; trigger: ReactElement }) {
  return (
    <TooltipPrimitive.Root>
      <TooltipPrimitive.Trigger render={trigger} />
      <TooltipPrimitive.Portal>
        <TooltipPrimitive.Positioner className="z-50" sideOffset={6}>
          <TooltipPrimitive.Popup className={`${FLOAT} px-2 py-1 text-12`}>{text}</TooltipPrimitive.Popup>
        </TooltipPrimitive.Positioner>
      </TooltipPrimitive.Portal>
    </TooltipPrimitive.Root>
  );
}

export const TooltipProvider = TooltipPrimitive.Provider;

/** More about a thing while the pointer or the focus rests on it; the card's own buttons can be reached. */
export function HoverCard({
  trigger,
  label,
  children,
}: {
  trigger: ReactElement;
  label: ReactNode;
  children: ReactNode;
}) {
  return (
    <Primitive.Root>
      <Primitive.Trigger openOnHover delay={500} render={trigger} nativeButton={false}>
        {label}
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Positioner className="z-50" sideOffset={6}>
          <Primitive.Popup className={`${FLOAT} p-3`} initialFocus={false}>
            {children}
          </Primitive.Popup>
        </Primitive.Positioner>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
