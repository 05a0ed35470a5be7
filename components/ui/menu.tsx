"use client";

import { Menu as Primitive } from "@base-ui/react/menu";
import type { ComponentProps, ReactElement, ReactNode } from "react";

const ITEM =
  "flex h-7 cursor-default items-center gap-2 rounded-1 px-2 text-13 outline-none select-none data-disabled:text-ink-3 data-highlighted:bg-pressed phone:h-9";

export const MenuRoot = Primitive.Root;

/** `render` is the button that opens it. */
export function MenuTrigger({ render, label }: { render: ReactElement; label?: string }) {
  return <Primitive.Trigger render={render} {...(label ? { "aria-label": label } : {})} />;
}

export function MenuPopup({ children, align = "end" }: { children: ReactNode; align?: "start" | "end" }) {
  return (
    <Primitive.Portal>
      <Primitive.Positioner className="z-50 outline-none" sideOffset={4} align={align}>
        <Primitive.Popup className="min-w-44 rounded-2 bg-raised p-1 text-ink shadow-float outline-none">
          {children}
        </Primitive.Popup>
      </Primitive.Positioner>
    </Primitive.Portal>
  );
}

export function MenuItem(props: Omit<ComponentProps<typeof Primitive.Item>, "className">) {
  return <Primitive.Item className={ITEM} {...props} />;
}

/** A place to go: a real link. */
export function MenuLink({ render, children }: { render: ReactElement; children: ReactNode }) {
  return (
    <Primitive.LinkItem className={ITEM} closeOnClick render={render}>
      {children}
    </Primitive.LinkItem>
  );
}

export function MenuSeparator() {
  return <Primitive.Separator className="-mx-1 my-1 h-px bg-line" />;
}
