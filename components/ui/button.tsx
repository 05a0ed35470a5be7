"use client";

import { Button as Primitive } from "@base-ui/react/button";
import type { ComponentProps } from "react";
import { tv, type VariantProps } from "tailwind-variants/lite";

/** The look of a button, also for links that lead to an act. One primary a view; `stop` is for what ends a run. */
export const buttonStyles = tv({
  base: "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-1 border font-medium whitespace-nowrap select-none data-disabled:cursor-default",
  variants: {
    look: {
      primary: "border-ink bg-ink text-on-ink hover:opacity-90 data-disabled:opacity-45",
      secondary:
        "border-line-2 bg-bg hover:bg-hover data-disabled:border-line data-disabled:bg-bg data-disabled:text-ink-3",
      quiet: "border-transparent text-ink-2 hover:bg-hover hover:text-ink data-disabled:text-ink-3",
      stop: "border-ink bg-bg hover:bg-hover data-disabled:border-line data-disabled:text-ink-3",
      severe: "border-failed bg-failed text-bg hover:opacity-90 data-disabled:opacity-45",
    },
    size: {
      control: "h-(--control) px-2.5 text-13",
      small: "h-6 px-1.5 text-12 phone:h-9 phone:px-2.5",
      tall: "h-8 px-2.5 text-13 phone:h-9",
      icon: "size-(--control)",
      "icon-small": "size-6 phone:size-9",
    },
  },
  defaultVariants: { look: "secondary", size: "control" },
});

type ButtonProps = Omit<ComponentProps<typeof Primitive>, "className"> &
  VariantProps<typeof buttonStyles> & { className?: string };

/** A button keeps its label while it works: pass `disabled` with `focusableWhenDisabled` and change nothing else. */
export function Button({ look, size, className, ...props }: ButtonProps) {
  return <Primitive className={buttonStyles({ look, size, className })} {...props} />;
}
