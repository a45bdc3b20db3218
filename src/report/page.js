// Sorts and filters the gallery, switches the colours: without it everything reads.
'use strict';(function(){
var root=document.documentElement;root.classList.add('js');
document.addEventListener('DOMContentLoaded',function(){
var theme=document.getElementById('theme');
theme.addEventListener('click',function(){
var now=root.dataset.theme||(matchMedia('(prefers-color-scheme:dark)').matches?'dark':'light');
root.dataset.theme=now==='dark'?'light':'dark'});
addEventListener('beforeprint',function(){
document.querySelectorAll('details').forEach(function(d){d.open=true})});
var list=document.getElementById('pictures');if(!list)return;
var items=Array.prototype.slice.call(list.children);
var by=function(id){return document.getElementById(id).value};
var shown=document.getElementById('shown');
function number(e,key){return parseFloat(e.dataset[key])}
function update(){
var net=by('net'),kind=by('kind'),changed=by('changed'),sort=by('sort'),least=parseFloat(by('least'));
var count=0;items.forEach(function(e){
var keep=(net===''||e.dataset.net===net)&&(kind===''||e.dataset.kind.split(' ').indexOf(kind)>=0)&&(changed===''||e.dataset.changed===changed)&&number(e,'rmse')>=least;
e.hidden=!keep;if(keep)count++});
items.slice().sort(function(a,b){
if(sort==='rmse')return number(b,'rmse')-number(a,'rmse');
if(sort==='rising')return number(a,'rmse')-number(b,'rmse');
if(sort==='margin')return number(a,'margin')-number(b,'margin');
return number(a,'at')-number(b,'at')}).forEach(function(e){list.appendChild(e)});
shown.textContent=count+' of '+items.length+' shown'}
['net','kind','changed','sort','least'].forEach(function(id){
document.getElementById(id).addEventListener('change',update)});update()})})();
