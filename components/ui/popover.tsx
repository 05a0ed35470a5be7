"use client";

import { Popover as Primitive } from "@base-ui/react/popover";
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
