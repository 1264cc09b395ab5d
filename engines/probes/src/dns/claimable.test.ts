import { describe, expect, it } from 'vitest'
import { isFree, registrable, serviceOf } from './claimable.ts'

describe('services', () => {
  it.each([
    ['shop.azurewebsites.net', 'Azure'], ['assets.s3.amazonaws.com', 'Amazon S3'], ['assets.s3-website-eu-west-1.amazonaws.com', 'Amazon S3'], ['assets.s3-website.ap-northeast-2.amazonaws.com', 'Amazon S3'], ['company.github.io', 'GitHub Pages'], ['a.b.trafficmanager.net', 'Azure'],
  ])('%s is of %s', (host, name) => { expect(serviceOf(host)?.name).toBe(name) })

  it.each(['azurewebsites.net', 'notazurewebsites.net', 'shop.azurewebsites.net.example.com', 'github.io', 'ec2-192-0-2-1.compute.amazonaws.com', 's3.example.com', 'www.example.com', ''])('%s is of none', host => { expect(serviceOf(host)).toBeNull() })

  it('say with their own words that a name is free, and with their status', () => {
    const pages = serviceOf('x.github.io')!
    const body = "<p><strong>There isn't a GitHub Pages site here.</strong></p>"
    expect([isFree(pages, { status: 404, body }), isFree(pages, { status: 200, body }), isFree(pages, { status: 404, body: 'Not found' }), isFree(serviceOf('x.azurewebsites.net')!, { status: 404, body })]).toEqual([true, false, false, false])
  })
})

describe('domains that anybody may register', () => {
  it.each([
    ['www.gone.com', 'com', 'gone.com'], ['gone.com', 'com', 'gone.com'], ['a.b.gone.io', 'io', 'gone.io'], ['www.gone.co.kr', 'kr', 'gone.co.kr'], ['www.gone.co.kr', 'co.kr', 'gone.co.kr'], ['www.gone.kr', 'kr', 'gone.kr'], ['x.gone.com.au', 'com.au', 'gone.com.au'],
  ])('%s, denied by %s: %s', (host, deniedBy, domain) => { expect(registrable(host, deniedBy)).toBe(domain) })

  it.each([
    ['www.gone.com', null], ['www.gone.com', ''], ['gone.example.com', 'example.com'], ['www.gone.test', 'test'], ['www.gone.example', 'example'], ['www.gone.internal', 'internal'], ['x.gone.arpa', 'arpa'], ['www.gone.gov', 'gov'], ['gone.my.id', 'id'], ['www.gone.com', 'net'], ['co.kr', 'kr'],
    ['gone.eu-west-1.amazonaws.com', 'eu-west-1.amazonaws.com'], ['x.go.kr', 'go.kr'], ['www.gone.go.kr', 'kr'], ['www.gone.ac.jp', 'jp'],
  ])('%s, denied by %s: none, or nobody says so', (host, deniedBy) => { expect(registrable(host, deniedBy)).toBeNull() })
})
