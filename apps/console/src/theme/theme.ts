import { createTheme } from '@mantine/core'
import type { CSSVariablesResolver } from '@mantine/core'

const font = "'Pretendard Variable', Pretendard, -apple-system, BlinkMacSystemFont, 'Apple SD Gothic Neo', 'Malgun Gothic', 'Segoe UI', 'Noto Sans KR', sans-serif"
const mono = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'JetBrains Mono', Menlo, Consolas, 'D2Coding', 'Noto Sans Mono CJK KR', monospace"

/** The colours themselves are in tokens.css; Mantine's parts take them from there. */
export const theme = createTheme({
  fontFamily: font,
  fontFamilyMonospace: mono,
  headings: { fontFamily: font, fontWeight: '650' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '14px' },
  defaultRadius: 'sm',
  primaryColor: 'jade',
  primaryShade: 7,
  colors: {
    jade: ['#e8f6f4', '#d0ebe7', '#a3d8d1', '#73c3ba', '#4cb3a8', '#339f94', '#1a857b', '#0b6e69', '#085652', '#06403d'],
    dark: ['#e8eced', '#c5cdcf', '#a9b4b6', '#8a9699', '#4a5557', '#2f3739', '#232a2c', '#171c1d', '#0f1314', '#0a0d0e'],
    gray: ['#f7f8f8', '#f0f2f2', '#e3e7e7', '#d2d8d8', '#b9c1c2', '#98a2a4', '#6b7679', '#4c5658', '#2e3638', '#15191a'],
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    Tooltip: { defaultProps: { withArrow: false, openDelay: 300, transitionProps: { duration: 80 } } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 100 }, overlayProps: { backgroundOpacity: 0.45 } } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Select: { defaultProps: { checkIconPosition: 'right', size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
  },
})

export const variables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-2)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--border-strong)',
    '--mantine-color-placeholder': 'var(--text-3)',
    '--mantine-color-error': 'var(--critical-text)',
    '--mantine-color-anchor': 'var(--accent)',
  }
  return { variables: {}, light: shared, dark: shared }
}
