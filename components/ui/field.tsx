"use client";

import { Checkbox as CheckboxPrimitive } from "@base-ui/react/checkbox";
import { Field as Primitive } from "@base-ui/react/field";
import { Form as FormPrimitive } from "@base-ui/react/form";
import { Input as InputPrimitive } from "@base-ui/react/input";
import type { ComponentProps, ReactNode } from "react";
import { Icon } from "./icon";

/** Border of everything that can be typed into; 3:1 on the page. */
export const INPUT =
  "h-(--control) w-full min-w-0 rounded-1 border border-field bg-bg px-2 text-13 data-invalid:border-failed phone:text-16";

/** `errors` by field name, as the server gave them. */
export function Form({
  className = "grid gap-3",
  ...props
}: Omit<ComponentProps<typeof FormPrimitive>, "className"> & { className?: string }) {
  // Before the page is alive a browser would send fields in the URL; as a post they stay out of every log.
  return <FormPrimitive method="post" className={className} {...props} />;
}

interface FieldProps {
  name: string;
  label: string;
  hint?: ReactNode;
  children: ReactNode;
  isLabelHidden?: boolean;
}

export function Field({ name, label, hint, children, isLabelHidden = false }: FieldProps) {
  return (
    <Primitive.Root name={name} className="grid gap-1">
      <Primitive.Label className={isLabelHidden ? "sr-only" : "text-12 text-ink-2"}>{label}</Primitive.Label>
      {children}
      {hint && <Primitive.Description className="text-12 text-ink-3">{hint}</Primitive.Description>}
      <Primitive.Error className="text-12 font-medium text-failed" />
    </Primitive.Root>
  );
}

export function Input({
  className = "",
  ...props
}: Omit<ComponentProps<typeof InputPrimitive>, "className"> & { className?: string }) {
  return <InputPrimitive className={`${INPUT} ${className}`} {...props} />;
}

export function TextArea({
  className = "",
  ...props
}: Omit<ComponentProps<"textarea">, "className"> & { className?: string }) {
  return (
    <Primitive.Control
      render={<textarea {...props} />}
      className={`min-h-16 w-full rounded-1 border border-field bg-bg px-2 py-1 text-13 data-invalid:border-failed phone:text-16 ${className}`}
    />
  );
}

interface CheckboxProps {
  label: ReactNode;
  name?: string;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}

export function Checkbox({ label, name, isChecked, onChange }: CheckboxProps) {
  return (
    <label className="flex min-h-6 items-center gap-2 text-13">
      <CheckboxPrimitive.Root
        checked={isChecked}
        {...(name ? { name } : {})}
        onCheckedChange={onChange}
        className="grid size-4 place-items-center rounded-[3px] border border-field bg-bg data-checked:border-ink data-checked:bg-ink"
      >
        <CheckboxPrimitive.Indicator className="text-on-ink">
          <Icon name="check" className="size-3" />
        </CheckboxPrimitive.Indicator>
      </CheckboxPrimitive.Root>
      {label}
    </label>
  );
}

interface RadioProps {
  /** Of all that belong together. */
  name: string;
  /** Only where no text stands in the same label. */
  label?: string;
  isChecked: boolean;
  onChange: () => void;
}

/** One of several; 24 px to hit, 12 px to see. */
export function Radio({ name, label, isChecked, onChange }: RadioProps) {
  return (
    <input
      type="radio"
      name={name}
      {...(label ? { "aria-label": label } : {})}
      className="grid size-6 shrink-0 appearance-none place-items-center rounded-full before:size-3 before:rounded-full before:border-[1.5px] before:border-field before:content-[''] checked:before:border-4 checked:before:border-ink"
      checked={isChecked}
      onChange={onChange}
    />
  );
}
