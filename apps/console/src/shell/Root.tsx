import { Outlet } from '@tanstack/react-router'
import { Feedback } from '../parts/feedback.tsx'

export function Root() {
  return <><Outlet /><Feedback /></>
}
