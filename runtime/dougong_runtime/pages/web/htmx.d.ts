declare module "htmx.org" {
  interface Htmx {
    config: Record<string, unknown>;
    ajax(verb: string, path: string, options?: Record<string, unknown>): Promise<void>;
    process(element: Element): void;
    registerExtension(name: string, extension: Record<string, unknown>): void;
    trigger(element: Element | string, event: string, detail?: unknown): void;
  }
  const htmx: Htmx;
  export default htmx;
}
